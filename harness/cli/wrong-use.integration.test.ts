import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('wrong use of the command', () => {
  let busy: number
  let empty: string
  const server = createServer()

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    busy = (server.address() as AddressInfo).port
    empty = await mkdtemp(join(tmpdir(), 'headroom-empty-'))
  })
  afterAll(async () => {
    server.close()
    await rm(empty, { recursive: true, force: true })
  })

  async function use(args: string[], env: Record<string, string> = {}) {
    // What this test run itself set for Postgres and Redis is not the user's.
    const none = { DATABASE_URL: '', REDIS_URL: '', HEADROOM_SESSION_SECRET: '' }
    const { exitCode, stderr } = await execa(process.execPath, ['harness/cli/main.ts', ...args], {
      reject: false,
      env: { ...none, NO_COLOR: '1', ...env },
    })
    return { exitCode, lines: stderr.trim().split('\n') }
  }

  const secret = { HEADROOM_SESSION_SECRET: 'x' }

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['an unknown command', ['loadtst'], {}, /unknown command "loadtst" — did you mean "loadtest"/],
    ['an unknown scenario', ['loadtest', 'smok'], {}, /unknown scenario "smok" — did you mean "smoke"/],
    ['an unknown option', ['loadtest', '--user', '5'], {}, /unknown option '--user'.*--users/],
    ['no users', ['loadtest', '--users', '0'], {}, /--users.*whole number from 1/],
    ['users that are no number', ['loadtest', '--users', 'many'], {}, /--users.*whole number/],
    ['more users than exist', ['loadtest', '--users', '5000'], {}, /--users 5000 is more.*--population 5000/],
    ['a time that is none', ['loadtest', '--duration', 'long'], {}, /--duration.*30s/],
    [
      'an unknown fault',
      ['loadtest', '--fault', 'delay=task.lst:900'],
      {},
      /unknown operation "task.lst".*task.list/,
    ],
    ['a target that is no URL', ['loadtest', '--target', 'staging'], secret, /--target staging is no URL/],
    [
      'a target without a secret',
      ['loadtest', '--target', 'http://127.0.0.1:9'],
      {},
      /HEADROOM_SESSION_SECRET is not set/,
    ],
    [
      'a target that does not answer',
      ['loadtest', '--target', 'http://127.0.0.1:9'],
      secret,
      /does not answer.*check the address/,
    ],
    [
      'a broken DATABASE_URL',
      ['loadtest'],
      { DATABASE_URL: 'postgres://me:secret@127.0.0.1:9/x' },
      /DATABASE_URL \(postgres:\/\/me:\*\*\*@.*unset it/,
    ],
    [
      'a REDIS_URL that does not answer',
      ['loadtest'],
      { REDIS_URL: 'redis://127.0.0.1:9' },
      /REDIS_URL.*unset it/,
    ],
    ['an unknown test step', ['test', 'unti'], {}, /unknown step "unti" — did you mean "unit"/],
  ])('is answered in one line with the fix and exit code 64: %s', async (_, args, env, line) => {
    const { exitCode, lines } = await use(args, env)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(line)
    expect(exitCode).toBe(64)
  })

  it('is a port that is in use', async () => {
    const { exitCode, lines } = await use(['loadtest', '--port', String(busy)])
    expect(lines).toEqual([expect.stringContaining(`port ${busy} is in use`)])
    expect(exitCode).toBe(64)
  })

  it('is a machine where a tool is missing and cannot be installed', async () => {
    const { exitCode, lines } = await use(['loadtest'], {
      PATH: dirname(process.execPath),
      HEADROOM_CACHE: join(empty, 'tools'),
    })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(
      /(k6|redis|nginx|prometheus) \d+\.\d+\.\d+ or newer is missing and could not be installed \(.+\) — install it by hand \(.+\), or name its program in HEADROOM_/,
    )
    expect(exitCode).toBe(64)
  })
})
