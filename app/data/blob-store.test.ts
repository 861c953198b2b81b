import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { blobKey } from './blob-keys.ts'
import { type BlobStore, openBlobStore } from './blob-store.ts'
import { orgId } from './ids.ts'

const id = '01990000-0000-7000-8000-000000000000'
const key = blobKey(orgId(id), id, 'original')
const limits = { answerMs: 200, putMs: 400, completeMs: 1_200 }
const late = { name: 'TimeoutError' }
const completed = `<CompleteMultipartUploadResult><Key>${key}</Key></CompleteMultipartUploadResult>`

describe('an object store that accepts and does not answer', () => {
  const opened: { server: Server; store: BlobStore }[] = []
  afterEach(() => {
    for (const { server, store } of opened.splice(0)) {
      store.close()
      server.close().closeAllConnections()
    }
  })

  async function storeThat(answers: RequestListener): Promise<BlobStore> {
    const server = createServer(answers)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const secrets = { accessKeyId: 'any', secretAccessKey: 'any' }
    const settings = { endpoint, publicEndpoint: endpoint, bucket: 'files', region: 'auto', ...secrets }
    const store = openBlobStore(settings, limits)
    opened.push({ server, store })
    return store
  }

  /** How it ended, and after how long. */
  async function ended(asked: Promise<unknown>) {
    const began = performance.now()
    const error = await asked.then(
      () => null,
      (reason: unknown) => reason,
    )
    return { error, ms: performance.now() - began }
  }

  it.each<[string, (store: BlobStore) => Promise<unknown>]>([
    ['the size of an object', (store) => store.propertiesOf(key)],
    ['the parts of an upload', (store) => store.partsOf(key, 'upload')],
    ['the end of an upload', (store) => store.abortParts(key, 'upload')],
    ['the removal of a file', (store) => store.remove([{ orgId: orgId(id), id }])],
    ['a place for a small file', (store) => store.put(key, Buffer.alloc(1_000), 'image/png')],
  ])('is waited for no longer than it may take: %s', { timeout: 10_000 }, async (_, ask) => {
    const store = await storeThat(() => {})
    const { error, ms } = await ended(ask(store))
    expect(error).toMatchObject(late)
    // Asked twice, with a moment between.
    expect(ms).toBeLessThan(5_000)
  })

  it('is left when it falls silent in the middle of a file', { timeout: 10_000 }, async () => {
    const store = await storeThat((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('some')
    })
    expect((await ended(store.read(key).then(buffer))).error).toMatchObject(late)
  })

  it('may send a large file for longer than it may be silent', { timeout: 10_000 }, async () => {
    const store = await storeThat(async (_, response) => {
      response.writeHead(200, { 'content-length': '800' })
      for (let sent = 0; sent < 800; sent += 100) {
        response.write('x'.repeat(100))
        await sleep(limits.answerMs / 4)
      }
      response.end()
    })
    expect(await buffer(await store.read(key))).toHaveLength(800)
  })

  it('has longer to put a large file together, and not for ever', { timeout: 10_000 }, async () => {
    let afterMs = limits.answerMs * 3
    let asked = 0
    const store = await storeThat((_, response) => {
      asked++
      setTimeout(() => response.writeHead(200, { 'content-type': 'application/xml' }).end(completed), afterMs)
    })
    const part = { number: 1, size: 1, etag: '"x"' }
    await expect(store.completeParts(key, 'upload', [part])).resolves.toBeUndefined()
    afterMs = limits.completeMs * 3
    expect((await ended(store.completeParts(key, 'upload', [part]))).error).toMatchObject(late)
    // Once each: what was put together already has no parts any more.
    expect(asked).toBe(2)
  })
})
