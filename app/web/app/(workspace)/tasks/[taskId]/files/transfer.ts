import type { Upload } from '@worklane/domain/files/uploads.ts'
import { api } from '#web/lib/api.ts'

/** The connection broke, or the store did not take it: what comes of trying again is open. */
class Interrupted extends Error {
  override name = 'Interrupted'
}

type Sending = {
  /** Hears how many bytes the store has by now. */
  tell: (sent: number) => void
  signal: AbortSignal
}

/**
 * Sends a file, or what the store does not have of it yet, straight to the store, and says that it is complete.
 * @throws Interrupted, or what the API refuses it with
 */
export async function transfer(upload: Upload, file: Blob, sending: Sending): Promise<void> {
  const uploadId = upload.file.id
  if (upload.form) await postWhole(upload.form, file, sending)
  else await putParts(uploadId, file, sending)
  await api.upload.complete.mutate({ uploadId })
}

/** An upload in parts that was begun earlier, perhaps by another tab. */
export const goOn = (file: Upload['file']): Upload => ({ file, form: null, until: '' })

async function postWhole(form: NonNullable<Upload['form']>, file: Blob, sending: Sending): Promise<void> {
  const body = new FormData()
  for (const [name, value] of Object.entries(form.fields)) body.set(name, value)
  body.set('file', file)
  await send('POST', form.url, body, sending)
}

async function putParts(uploadId: string, file: Blob, { tell, signal }: Sending): Promise<void> {
  for (;;) {
    const { partSize, done, next } = await api.upload.parts.mutate({ uploadId })
    let sent = done.reduce((sum, number) => sum + Math.min(partSize, file.size - (number - 1) * partSize), 0)
    tell(sent)
    if (next.length === 0) return
    for (const { number, size, url } of next) {
      const start = (number - 1) * partSize
      const part = file.slice(start, start + size)
      await send('PUT', url, part, { signal, tell: (bytes) => tell(sent + bytes) })
      sent += size
      tell(sent)
    }
  }
}

/** By XMLHttpRequest: fetch does not tell how far it is. */
function send(method: string, url: string, body: Blob | FormData, { tell, signal }: Sending): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const fail = () => reject(new Interrupted(`${method} ended with ${request.status}`))
    request.open(method, url)
    request.upload.onprogress = ({ loaded }) => tell(loaded)
    request.onload = () => (request.status < 300 ? resolve() : fail())
    request.onerror = fail
    request.onabort = fail
    signal.addEventListener('abort', () => request.abort(), { once: true })
    if (signal.aborted) return fail()
    request.send(body)
  })
}
