'use client'

import { buttonClass } from '#web/components/ui/button.tsx'
import { problemTexts } from '#web/texts/problems.ts'

type Props = { error: Error & { digest?: string }; reset: () => void }

/** What stands where a page, or a part of it, could not be shown: what is wrong, and the way on. */
export function ProblemPage({ error, reset }: Props) {
  const { title, text } = told(error.digest)
  return (
    <div
      role="alert"
      className="mx-auto flex min-h-[60dvh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center"
    >
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      <p className="text-muted">{text}</p>
      <button type="button" onClick={reset} className={buttonClass({ className: 'mt-3' })}>
        {problemTexts.again}
      </button>
    </div>
  )
}

/** A problem of the domain speaks for itself; of every other error only we may know more. */
function told(digest = ''): { title: string; text: string } {
  const [mark, kind = '', ...text] = digest.split(':')
  const title = problemTexts.titles[kind as keyof typeof problemTexts.titles]
  return mark === 'problem' && title ? { title, text: text.join(':').trim() } : problemTexts.ours
}
