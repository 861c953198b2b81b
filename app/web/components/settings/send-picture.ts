import { settings } from '#web/texts/settings.ts'

type Api = typeof import('#web/lib/api.ts')['api']

const { picture: texts } = settings
const firstPauseMs = 300
const longestPauseMs = 3_000
/** Longer than that a queue stands: the picture is shown some time, and nobody has to wait for it here. */
const patienceMs = 60_000

/**
 * Posts a picture to the object store, and waits until it was checked.
 * @param posted hears that the store has it
 * @throws Error with what to say
 */
export async function sendPicture(
  api: Api['avatar'] | Api['logo'],
  file: File,
  posted: () => void,
): Promise<void> {
  const { id: pictureId, form } = await api.upload.mutate({ name: file.name, size: file.size })
  const body = new FormData()
  for (const [name, value] of Object.entries(form.fields)) body.set(name, value)
  body.set('file', file)
  const answer = await fetch(form.url, { method: 'POST', body, credentials: 'omit' }).catch(() => null)
  if (!answer?.ok) throw new Error(texts.failed)
  await api.complete.mutate({ pictureId })
  posted()
  const until = Date.now() + patienceMs
  for (let pauseMs = firstPauseMs; Date.now() < until; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    const { upload } = await api.get.query({})
    if (upload?.id !== pictureId) return
    if (upload.refused) throw new Error(texts.refused[upload.refused])
  }
  throw new Error(texts.slow)
}
