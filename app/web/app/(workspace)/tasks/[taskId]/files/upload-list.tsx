import { files as texts } from '#web/texts/files.ts'
import { UploadRow } from './upload-row.tsx'
import type { useUploads } from './use-uploads.ts'

type Uploads = Pick<ReturnType<typeof useUploads>, 'uploads' | 'pause' | 'resume' | 'cancel'>

/** What is being uploaded; nothing where nothing is. */
export function UploadList({ uploads, pause, resume, cancel, className }: Uploads & { className: string }) {
  if (uploads.length === 0) return null
  return (
    <ul aria-label={texts.uploads} className={className}>
      {uploads.map((upload) => (
        <UploadRow
          key={upload.key}
          upload={upload}
          pause={() => pause(upload.key)}
          resume={() => resume(upload.key)}
          cancel={() => cancel(upload.key)}
        />
      ))}
    </ul>
  )
}
