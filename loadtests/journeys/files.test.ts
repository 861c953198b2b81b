import { describe, expect, it } from 'vitest'
import { defaultPopulation } from '../../fixtures/population.ts'
import type { Request } from '../swarm/app.ts'
import type { Run } from '../swarm/options.ts'
import { fileSteps, formBody, postOf, readyFileIn, sizeOfFile } from './files.ts'
import { type User, userOf } from './user.ts'

const cast = { target: 'http://127.0.0.1:1', population: defaultPopulation, seed: 1, streams: 0 }
const run = { ...cast, without: [] } as unknown as Run
const somebody = (index = 3): User => userOf(cast, 0, index, (subject) => subject)
const id = '0197f0a0-0000-7000-8000-000000000001'
const begun = (size: number) =>
  JSON.stringify({
    file: { id, size },
    form: { url: 'http://127.0.0.1:1/files', fields: { key: 'orgs/a/b', Policy: 'eyJ9=' } },
  })

describe('a file that a journey attaches', () => {
  it('is a form that others read as it was meant, byte for byte', async () => {
    const user = somebody()
    const size = sizeOfFile(user)
    const { body, headers } = postOf(user, begun(size)) as Request
    const form = await new Response(body as string, { headers: headers as Record<string, string> }).formData()
    expect([...form.keys()]).toEqual(['key', 'Policy', 'file'])
    expect([form.get('key'), form.get('Policy')]).toEqual(['orgs/a/b', 'eyJ9='])
    const file = form.get('file') as File
    expect([file.name, file.type, file.size]).toEqual(['week.txt', 'text/plain', size])
    const lines = (await file.text()).split('\n').slice(0, -1)
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([63]))
    expect(lines.every((line) => line.includes(user.userGroup.organisation.canary))).toBe(true)
    // k6 sends a text as UTF-8: of ASCII each character is a byte.
    expect(new TextEncoder().encode(body).length).toBe(body?.length)
  })

  it('would be another one with a line break too few', async () => {
    const { body, contentType } = formBody(
      { key: 'a' },
      { name: 'a.txt', type: 'text/plain', content: 'abc' },
    )
    const read = (text: string) =>
      new Response(text, { headers: { 'content-type': contentType } })
        .formData()
        .then((form) => (form.get('file') as File | null)?.size)
    expect(await read(body)).toBe(3)
    expect(await read(body.replace('abc\r\n', 'abcd\r\n'))).toBe(4)
    await expect(read(body.replace('abc\r\n', 'abc'))).rejects.toThrow()
  })

  it('is between 20 and 210 kB, in whole lines', () => {
    const user = somebody()
    const sizes = Array.from({ length: 2_000 }, () => sizeOfFile(user))
    expect(Math.min(...sizes)).toBeGreaterThan(20_000)
    expect(Math.max(...sizes)).toBeLessThan(210_000)
    expect(sizes.every((size) => size % 64 === 0)).toBe(true)
  })

  it('is announced, posted and completed, one after the other, and taken away once', () => {
    const user = somebody()
    const requests = fileSteps['attach a file']?.(user, run) ?? []
    expect(requests.map(({ route }) => route)).toEqual(['trpc upload.create'])
    expect(requests[0]?.keep?.('{"file":{}}')).toBe(false)
    expect(requests[0]?.keep?.(begun(640))).toBe(true)
    expect(requests.map(({ route }) => route)).toEqual([
      'trpc upload.create',
      'file upload',
      'trpc upload.complete',
    ])
    expect(fileSteps['remove the file']?.(user, run).map(({ body }) => body)).toEqual([
      JSON.stringify({ fileId: id }),
    ])
    expect(fileSteps['remove the file']?.(user, run)).toEqual([])
  })

  it('is downloaded when it is ready, and only one of the own organisation is whole', () => {
    const user = somebody()
    const { canary } = user.userGroup.organisation
    const file = (state: string, name: string) => ({
      id,
      taskId: id,
      commentId: null,
      name,
      state,
      size: 640,
    })
    const list = (...files: object[]) => JSON.stringify({ items: files, nextCursor: null })
    expect(readyFileIn(user, list(file('checking', canary)))).toBe(undefined)
    expect(readyFileIn(user, list(file('ready', 'somebody else')))).toBe(undefined)
    expect(readyFileIn(user, list(file('checking', canary), file('ready', canary)))).toBe(id)
    const requests = fileSteps['open files']?.(user, run) ?? []
    requests[0]?.keep?.(list(file('ready', canary)))
    requests[1]?.keep?.('{"url":"http://127.0.0.1:1/files/orgs/a?X=1"}')
    expect(requests.map(({ route }) => route)).toEqual(['trpc file.list', 'trpc file.link', 'file download'])
    const [, , download] = requests
    expect(download?.path).toBe('/files/orgs/a?X=1')
    const content = (whose: User) => /Figures[\s\S]*?\r\n--/.exec(postOf(whose, begun(640))?.body ?? '')?.[0]
    expect(download?.keep?.(content(user)?.slice(0, 640) ?? '')).toBe(true)
    expect(download?.keep?.(content(user)?.slice(0, 600) ?? '')).toBe(false)
    expect(download?.keep?.(content(somebody(1_500))?.slice(0, 640) ?? '')).toBe(false)
  })

  it('is none where the target has no object store', () => {
    const without = { ...run, without: ['files'] } as unknown as Run
    for (const step of Object.values(fileSteps)) expect(step(somebody(), without)).toEqual([])
  })
})
