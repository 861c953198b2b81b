import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'

it('gives a journey the empty text of an answer without one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-answers-'))
  const server = createServer((_, response) => void response.writeHead(204).end())
  try {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    const file = join(directory, 'journey.ts')
    await writeFile(
      file,
      `export const journey = {
         name: 'empty', workload: { users: 4, think: 200, ramp: 200, duration: 5_000 }, limits: { all: 2_000 },
         chain: { '': { a: 1 }, a: { a: 1 } },
         steps: { a: () => [{ method: 'DELETE', route: 'all', path: '/', expect: 204, keep: (text) => text === '' }] },
       }`,
    )
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { stdout } = await execa(
      process.execPath,
      ['harness/cli/main.ts', 'loadtest', file, '--target', target, '--json'],
      { reject: false, env: { HEADROOM_RESULTS: directory } },
    )
    const { totals } = JSON.parse(stdout) as { totals: { requests: number; errors: number } }
    expect(totals.requests).toBeGreaterThan(10)
    expect(totals.errors).toBe(0)
  } finally {
    server.close().closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  }
})
