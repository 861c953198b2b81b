import { randomUUID } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { remoteCache } from './remote.ts'

const redisUrl = process.env.REDIS_URL
const one = remoteCache(redisUrl)
const other = remoteCache(redisUrl)
const away = remoteCache('redis://127.0.0.1:1')
afterAll(() => Promise.all([one.close(), other.close()]))

const entry = (text: string, tags: string[] = [], timestamp = Date.now()) =>
  Promise.resolve({
    value: new Blob([text]).stream() as ReadableStream<Uint8Array>,
    ...{ tags, timestamp, stale: 30, revalidate: 60, expire: 300 },
  })
const textOf = async (found: Awaited<ReturnType<typeof one.get>>) => found && new Response(found.value).text()

it('gives to one process what another one kept, as often as it is asked', async () => {
  const key = randomUUID()
  await one.set(key, entry('line one\nline two\u0000'))
  for (let turn = 0; turn < 2; turn++) {
    expect(await textOf(await other.get(key, []))).toBe('line one\nline two\u0000')
  }
  expect(await other.get(randomUUID(), [])).toBeUndefined()
})

it('waits for an entry that is being made', async () => {
  const key = randomUUID()
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof entry>>>()
  const stored = one.set(key, promise)
  const asked = one.get(key, [])
  resolve(await entry('made'))
  await stored
  expect(await textOf(await asked)).toBe('made')
})

it('forgets, in every process, what carries a tag that is revalidated, and keeps what was made after it', async () => {
  const [key, tag, soft] = [randomUUID(), randomUUID(), randomUUID()]
  await one.set(key, entry('old', [tag], Date.now() - 1000))
  expect(await textOf(await other.get(key, [soft]))).toBe('old')
  await one.updateTags([soft])
  expect(await other.get(key, [soft])).toBeUndefined()
  expect(await textOf(await other.get(key, []))).toBe('old')
  await one.updateTags([tag])
  expect(await other.get(key, [])).toBeUndefined()
  await other.set(key, entry('new', [tag], Date.now() + 1))
  expect(await textOf(await one.get(key, [soft]))).toBe('new')
})

it('serves once more what only became stale, and asks for a new one', async () => {
  const [key, tag] = [randomUUID(), randomUUID()]
  await one.set(key, entry('old', [tag], Date.now() - 1000))
  await one.updateTags([tag], { expire: 60 })
  expect((await other.get(key, []))?.revalidate).toBe(-1)
})

it('keeps nothing of an entry that broke half-way', async () => {
  const key = randomUUID()
  const { value: _, ...rest } = await entry('')
  const value = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('half'))
      controller.error(new Error('broke'))
    },
  })
  await one.set(key, Promise.resolve({ ...rest, value }))
  expect(await other.get(key, [])).toBeUndefined()
})

it('has nothing, and does not fail, when Redis is away or there is none yet', async () => {
  for (const cache of [away, remoteCache(undefined)]) {
    await cache.set('key', entry('text'))
    expect(await cache.get('key', [])).toBeUndefined()
  }
})
