import { createHash, randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { partSize } from '@worklane/domain/files/types.ts'
import sharp from 'sharp'

/** What somebody has uploaded, as far as they got before they went. */
export type Uploaded = {
  id: string
  digest: string
  /** Whether it is what its name says. */
  isHonest: boolean
  inParts: boolean
  /** Said to be there, and taken as such. */
  isComplete: boolean
}

export type Uploader = {
  api: string
  key: string
  task: string
  draw: () => number
}

/** Where nobody answers, or says that it cannot now, people try again; what is refused is refused for good. */
async function persistently(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask().catch(() => null)
    if (answer && answer.status < 500 && answer.status !== 429) return answer
    await answer?.body?.cancel().catch(() => {})
    await setTimeout(150)
  }
}

/** Calls the API until it answers. @throws Error for what it refuses */
export async function told<Answer>(
  { api, key }: Pick<Uploader, 'api' | 'key'>,
  path: string,
  input: object,
  repeated = randomUUID(),
): Promise<Answer> {
  for (;;) {
    const answer = await persistently(() =>
      fetch(`${api}/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          // An answer that is lost on its way: what was asked has happened once.
          'idempotency-key': repeated,
        },
        body: JSON.stringify(input),
        signal: AbortSignal.timeout(20_000),
      }),
    )
    const text = await answer.text().catch(() => null)
    if (text === null) continue
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text.slice(0, 300)}`)
    return JSON.parse(text)
  }
}

type Form = { url: string; fields: Record<string, string> }

export async function posted({ url, fields }: Form, bytes: Uint8Array): Promise<void> {
  const answer = await persistently(() => {
    const body = new FormData()
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    body.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]))
    return fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(20_000) })
  })
  if (!answer.ok) throw new Error(`the store: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
}

/** What is uploaded, by chance: pictures and texts, some that are not what they say, few that are large. */
async function drawFile(draw: () => number): Promise<{ name: string; bytes: Buffer; isHonest: boolean }> {
  const kind = draw()
  const background = { r: Math.floor(draw() * 255), g: Math.floor(draw() * 255), b: 90 }
  if (kind < 0.4) {
    const side = 40 + Math.floor(draw() * 400)
    const picture = sharp({ create: { width: side, height: side, channels: 3, background } })
    return { name: 'plan.png', bytes: await picture.png().toBuffer(), isHonest: true }
  }
  if (kind < 0.6)
    return { name: 'lie.png', bytes: Buffer.from(`<script>${draw()}</script>`), isHonest: false }
  const length = kind < 0.94 ? 1_000 + Math.floor(draw() * 50_000) : 2 * partSize + 1_000_000
  return { name: 'notes.txt', bytes: Buffer.alloc(length, `notes ${draw()}\n`), isHonest: true }
}

/** One upload, whatever fails meanwhile. Some people go away in the middle of it. */
export async function upload(uploader: Uploader): Promise<Uploaded> {
  const { draw, task } = uploader
  const { name, bytes, isHonest } = await drawFile(draw)
  const leaves = draw()
  const { file, form } = await told<{ file: { id: string }; form: Form | null }>(
    uploader,
    `/tasks/${task}/uploads`,
    { name, size: bytes.length },
  )
  const { id } = file
  const digest = createHash('sha256').update(bytes).digest('hex')
  const begun: Uploaded = { id, digest, isHonest, inParts: form === null, isComplete: false }
  if (leaves < 0.1) return begun
  if (form) await posted(form, bytes)
  else await putParts(uploader, id, bytes)
  if (leaves < 0.2) return begun
  await told(uploader, `/uploads/${id}/complete`, {})
  return { ...begun, isComplete: true }
}

type Parts = { next: { number: number; size: number; url: string }[] }

async function putParts(uploader: Uploader, id: string, bytes: Buffer): Promise<void> {
  for (;;) {
    const { next } = await told<Parts>(uploader, `/uploads/${id}/parts`, {})
    if (next.length === 0) return
    for (const { number, size, url } of next) {
      const start = (number - 1) * partSize
      const answer = await persistently(() =>
        fetch(url, {
          method: 'PUT',
          body: bytes.subarray(start, start + size) as Uint8Array<ArrayBuffer>,
          signal: AbortSignal.timeout(30_000),
        }),
      )
      await answer.arrayBuffer().catch(() => {})
      // Asked for anew: the store says which it has.
      if (!answer.ok) break
    }
  }
}
