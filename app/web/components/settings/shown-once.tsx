'use client'

import { useRef, useState } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { secrets: texts } = settings

/** A secret that is shown this once, with a button that copies it. @param text what it is, and that it goes */
export function ShownOnce({ secret, text }: { secret: string; text: string }) {
  const [copied, setCopied] = useState<string | null>(null)
  const shown = useRef<HTMLElement>(null)

  async function copy() {
    try {
      await navigator.clipboard.writeText(secret)
      setCopied(texts.copied)
    } catch {
      // The browser did not let us: it is marked, so that one key press copies it.
      if (shown.current) window.getSelection()?.selectAllChildren(shown.current)
      setCopied(texts.notCopied)
    }
  }

  return (
    <div role="status" className="mt-4 rounded-lg bg-good-soft p-3 text-sm">
      <p className="mb-2 text-good">{text}</p>
      <div className="flex items-center gap-3">
        <code ref={shown} data-secret className="min-w-0 flex-1 break-all">
          {secret}
        </code>
        <Button look="quiet" onClick={copy}>
          {texts.copy}
        </Button>
      </div>
      {copied ? <p className="mt-2">{copied}</p> : null}
    </div>
  )
}
