import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { expect, it, vi } from 'vitest'

it('a run that is ended by a signal after its last request leaves a result that says so', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-late-signal-'))
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('fine')
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  try {
    const journey = join(directory, 'journey.ts')
    await writeFile(
      journey,
      `export const journey = {
         name: 'late', workload: { users: 4, think: 200, ramp: 200, duration: 5_000 }, limits: { ok: 2_000 },
         chain: { '': { look: 1 }, look: { look: 1 } },
         steps: { look: () => [{ method: 'GET', route: 'ok', path: '/ok' }] },
       }`,
    )
    // The revision is asked for once k6 has ended: a slow git keeps the run there.
    const asked = join(directory, 'asked')
    await writeFile(join(directory, 'git'), `#!/bin/sh\ntouch '${asked}'\nsleep 2\n`)
    await chmod(join(directory, 'git'), 0o755)
    const { port } = server.address() as AddressInfo
    const results = join(directory, 'results')
    const run = execa(
      process.execPath,
      ['harness/cli/main.ts', 'loadtest', journey, '--target', `http://127.0.0.1:${port}`],
      {
        reject: false,
        env: {
          HEADROOM_RESULTS: results,
          NO_COLOR: '1',
          PATH: `${directory}${delimiter}${process.env.PATH}`,
        },
      },
    )
    await vi.waitFor(() => stat(asked), { timeout: 60_000, interval: 50 })
    run.kill('SIGINT')
    const { exitCode, stderr } = await run
    const [name = ''] = await readdir(results)
    const result = JSON.parse(await readFile(join(results, name, 'result.json'), 'utf8')) as object
    expect({ exitCode, stderr, result }).toMatchObject({
      exitCode: 2,
      stderr: '',
      result: { verdict: 'invalid', reasons: expect.arrayContaining(['the run was interrupted']) },
    })
  } finally {
    server.close().closeAllConnections()
    await rm(directory, { recursive: true, force: true })
  }
}, 90_000)
