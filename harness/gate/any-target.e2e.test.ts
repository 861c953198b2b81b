import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bookshop } from '../../examples/bookshop/server.ts'
import { Slice } from './slices.ts'

const secret = 'what signs the cookies of the bookshop'
const Found = z.object({
  verdict: z.string(),
  base: z.string(),
  head: z.string(),
  reasons: z.array(z.string()),
})

/** The whole command, on two deployments of an app that is not Worklane. */
describe('a gate of an app of somebody’s own', () => {
  const up: Server[] = []
  let results: string
  beforeEach(async () => {
    results = await mkdtemp(join(tmpdir(), 'headroom-any-gate-'))
  })
  afterEach(async () => {
    for (const server of up.splice(0)) server.close().closeAllConnections()
    await rm(results, { recursive: true, force: true })
  })

  async function open(server: Server): Promise<string> {
    up.push(server)
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function compare(base: string, head: string, ...options: string[]) {
    const { exitCode, stderr } = await execa(
      process.execPath,
      [
        ...['harness/cli/main.ts', 'gate', '--base-url', base, '--head-url', head],
        ...['--journey', 'examples/bookshop/journey.ts', '--pairs', '11'],
        ...['--users', '40', '--think', '600ms', '--ramp', '1s', '--duration', '5s', ...options],
      ],
      { reject: false, env: { HEADROOM_RESULTS: results, HEADROOM_SESSION_SECRET: secret } },
    )
    // A gate that runs in this checkout already, for one.
    if (exitCode === 64) throw new Error(stderr)
    const [run = ''] = await readdir(results)
    const textOf = (file: string) => readFile(join(results, run, file), 'utf8')
    return {
      exitCode,
      found: Found.parse(JSON.parse(await textOf('gate.json'))),
      slices: z.array(Slice).parse(JSON.parse(await textOf('slices.json'))),
      summary: await textOf('summary.md'),
    }
  }

  it('fails a head that shows a customer the shelf of another shop, before anything is compared', async () => {
    const base = await open(bookshop(secret))
    const head = await open(bookshop(secret, { leakEvery: 50 }))
    const { exitCode, found, slices, summary } = await compare(base, head)
    expect(found).toMatchObject({ verdict: 'fail', base, head })
    expect(exitCode).toBe(1)
    expect(found.reasons.join()).toMatch(/^head showed \d+ texts of other tenants$/)
    expect(slices.map(({ pair }) => pair)).toEqual([-1, -1])
    expect(slices.every(({ requests }) => requests > 100)).toBe(true)
    expect(summary).toContain('Performance: fail')
  })

  it('compares two paths of one host, each let in by the user of its address', async () => {
    const sides = { base: bookshop(secret), head: bookshop(secret, { leakEvery: 50 }) }
    const users = { base: 'Basic b2xkOndvcmQ=', head: 'Basic bmV3OndvcmQ=' }
    const host = await open(
      createServer((request, response) => {
        const [, name, path] = /^\/(base|head)(\/.*)$/.exec(request.url ?? '') ?? []
        if ((name !== 'base' && name !== 'head') || request.headers.authorization !== users[name])
          return void response.writeHead(401).end()
        request.url = path
        sides[name].emit('request', request, response)
      }),
    )
    const as = (user: string) => host.replace('//', `//${user}:word@`)
    const { exitCode, found, slices } = await compare(`${as('old')}/base/`, `${as('new')}/head`)
    expect(found).toMatchObject({ verdict: 'fail', base: `${host}/base`, head: `${host}/head` })
    expect(found.reasons.join()).toMatch(/^head showed \d+ texts of other tenants$/)
    expect(exitCode).toBe(1)
    expect(slices.every(({ requests, errors }) => requests > 100 && errors < requests / 10)).toBe(true)
  })

  it('is invalid when base ends half-way, and keeps what was measured', async () => {
    const shop = bookshop(secret)
    let asked = 0
    shop.on('request', () => ++asked === 60 && shop.close().closeAllConnections())
    const { exitCode, found, slices, summary } = await compare(await open(shop), await open(bookshop(secret)))
    expect(found.verdict).toBe('invalid')
    expect(exitCode).toBe(2)
    expect(found.reasons.join()).toMatch(/^base failed \d+ of \d+ requests/)
    expect(slices.map(({ side }) => side)).toEqual(['base', 'head'])
    expect(summary).toContain('Performance: invalid')
  })

  it('starts both by commands, watches their CPU, and stops them', async () => {
    const addresses = await Promise.all([0, 0].map(freeAddress))
    const [base = '', head = ''] = addresses
    const shopAt = (url: string, faults = {}) =>
      `PORT=${new URL(url).port} FAULTS='${JSON.stringify(faults)}' '${process.execPath}' examples/bookshop/server.ts`
    const { exitCode, found, slices } = await compare(
      ...[base, head],
      ...['--base-command', shopAt(base), '--head-command', shopAt(head, { leakEvery: 50 })],
    )
    expect([exitCode, found.verdict]).toEqual([1, 'fail'])
    expect(found.base).toBe(base)
    expect(slices.map(({ cpu }) => Number(cpu?.['the command']) > 0)).toEqual([true, true])
    for (const address of addresses) await expect(fetch(address)).rejects.toThrow('fetch failed')
  })

  it('is invalid when something answers already where a command should', async () => {
    const [base, head] = [await open(bookshop(secret)), await freeAddress()]
    const { exitCode, found } = await compare(base, head, '--base-command', 'true', '--head-command', 'true')
    expect([exitCode, found.verdict]).toEqual([2, 'invalid'])
    expect(found.reasons.join()).toMatch(/^base: .* answers already/)
  })

  it('is invalid when a command ends without having answered, and says its last words', async () => {
    const [base, head] = [await freeAddress(), await freeAddress()]
    const { exitCode, found } = await compare(
      ...[base, head],
      ...['--base-command', 'echo no database >&2; exit 3', '--head-command', 'true'],
    )
    expect([exitCode, found.verdict]).toEqual([2, 'invalid'])
    expect(found.reasons.join()).toMatch(/^base \(http:.*\) did not start: no database$/)
  })
})

async function freeAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  return `http://127.0.0.1:${port}`
}
