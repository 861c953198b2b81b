import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Faults of a journey's own, as the command line tells them; the target answers everything. */
describe('a journey that cannot be played', () => {
  let directory: string
  let server: Server
  let target: string
  let asked = 0
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-faults-'))
    server = createServer((_, response) => {
      asked++
      response.writeHead(200, { 'content-type': 'text/plain' }).end('fine')
    })
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    server.close().closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  })

  const request = (more: string) => `[{ method: 'GET', route: 'GET /x', path: '/x', ${more} }]`

  it.each<[string, string, RegExp]>([
    [
      'a path without a slash',
      `steps: { a: () => ${request(`path: 'x'`)} }`,
      /step "a", request 1: path is "x"/,
    ],
    [
      'a header of two lines',
      `steps: { a: () => ${request(`headers: { 'X-Name': 'J\\r\\nX-Evil: 1' }`)} }`,
      /step "a", request 1: header X-Name is "J\\r\\nX-Evil: 1"/,
    ],
    [
      'a step that throws',
      `steps: { a: () => {\n  null.x } }`,
      /step "a" throws TypeError: .*journey\.ts:3:\d+\)/,
    ],
    ['a start that throws', `start: () => null.x, steps: { a: () => [] }`, /: start throws TypeError/],
    [
      'a session without its secret',
      `session: (v, token) => ({ Cookie: token('x') }), steps: { a: () => [] }`,
      /: session throws .*HEADROOM_SESSION_SECRET is not set/,
    ],
    [
      'a promise that is rejected when it is read',
      `steps: { a: () => [] } }\nPromise.reject(new Error('x'))\nexport const other = {`,
      /rejects a promise that nothing handles: Error: x at file:\S+journey\.ts:3:/,
    ],
    [
      'a promise that is rejected in a step',
      `steps: { a: () => {\n  (async () => { throw new Error('x') })(); return [] } }`,
      /rejects a promise that nothing handles: Error: x at .*journey\.ts:3:/,
    ],
    [
      'what only Node knows',
      `steps: { a: () => [] } }\nconst home = process.env.HOME\nexport const other = { home`,
      /cannot be played by k6: ReferenceError: process is not defined at file:\S+journey\.ts:3/,
    ],
  ])('ends with its file, its step and the reason, and 64: %s', async (_, parts, words) => {
    const file = join(directory, `journey.ts`)
    await writeFile(
      file,
      `export const journey = { name: 'wrong', workload: { users: 2, think: 100, ramp: 100, duration: 5000 },
        limits: { 'GET /x': 500 }, chain: { '': { a: 1 }, a: { a: 1 } }, ${parts} }`,
    )
    const { exitCode, stderr } = await execa(
      process.execPath,
      ['harness/cli/main.ts', 'loadtest', file, '--target', target],
      {
        reject: false,
        env: {
          NO_COLOR: '1',
          HEADROOM_RESULTS: join(directory, 'results'),
          HEADROOM_SESSION_SECRET: '',
        },
      },
    )
    expect(stderr.trim().split('\n').at(-1)).toMatch(words)
    expect(stderr).toContain('see docs/any-target.md')
    expect(exitCode).toBe(64)
    // The harness itself, once.
    expect(asked).toBe(1)
    asked = 0
  })

  it('ends all shards when one of them meets it', async () => {
    const file = join(directory, 'rare.ts')
    await writeFile(
      file,
      `export const journey = { name: 'rare', workload: { users: 4, think: 100, ramp: 100, duration: 60_000 },
        limits: { x: 500 }, chain: { '': { a: 1 }, a: { a: 1 } },
        steps: { a: ({ index }) => [{ method: 'GET', route: 'x', path: index === 1 ? 'x' : '/x' }] } }`,
    )
    const { exitCode, stderr } = await execa(
      process.execPath,
      ['harness/cli/main.ts', 'loadtest', file, '--target', target, '--shards', '2'],
      { reject: false, timeout: 40_000, env: { HEADROOM_RESULTS: join(directory, 'results') } },
    )
    expect(stderr).toContain('step "a", request 1: path is "x"')
    expect(exitCode).toBe(64)
  })
})
