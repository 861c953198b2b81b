'use client'

import { bytes } from '@worklane/domain/billing/amounts.ts'
import type { File as Attached } from '@worklane/domain/files/shapes.ts'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useLookAgain } from '#web/components/use-look-again.ts'
import { files as texts } from '#web/texts/files.ts'
import { Download } from './file-tile.tsx'

/** The files of a comment, each to be downloaded; a picture of it where there is one. */
export function CommentFiles({ files }: { files: readonly Attached[] }) {
  const router = useRouter()
  const [error, setError] = useState<string | null>(null)
  useLookAgain(
    files.some(({ state }) => state === 'checking'),
    files,
    () => router.refresh(),
  )
  return (
    <>
      <ul aria-label={texts.ofComment} className="mt-2 flex flex-wrap gap-2">
        {files.map((file) => (
          <li key={file.id} className="flex max-w-full items-center gap-2 rounded-lg border p-1.5 pr-2">
            {file.thumbnail ? (
              // biome-ignore lint/performance/noImgElement: it is small already, and comes from the object store by a signed link
              <img
                src={file.thumbnail}
                alt=""
                loading="lazy"
                className="size-10 rounded border object-cover object-top"
              />
            ) : null}
            <span className="min-w-0">
              <span className="block truncate text-sm">{file.name}</span>
              <span className="text-xs text-muted">{bytes(file.size)} </span>
              {file.state === 'ready' ? <Download file={file} fail={setError} /> : null}
              {file.state === 'checking' ? (
                <span className="text-xs text-muted">{texts.checking}</span>
              ) : null}
              {file.refused ? (
                <span className="text-xs text-danger">{texts.refused[file.refused]}</span>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
      {error ? (
        <p role="alert" className="mt-1 text-sm text-danger">
          {error}
        </p>
      ) : null}
    </>
  )
}
