import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
}

/** Stands in every secret of these tests, and so must stand nowhere in what comes of them. */
const marker = 'geheim'

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

  const seenBy: string[] = []

  async function use(args: string[], env: Record<string, string> = {}) {
    // What this test run itself set for Postgres and Redis is not the user's.
    const none = {
      DATABASE_URL: '',
      REDIS_URL: '',
      HEADROOM_SESSION_SECRET: '',
      HEADROOM_COLLECTOR_TOKEN: '',
      S3_ENDPOINT: '',
      S3_BUCKET: '',
      S3_ACCESS_KEY_ID: '',
      S3_SECRET_ACCESS_KEY: '',
      DATABASE_ROLES_SECRET: `${marker} ${'x'.repeat(40)}`,
      SEED_SESSION_SECRET: marker,
    }
    const { exitCode, stdout, stderr } = await execa(process.execPath, ['harness/cli/main.ts', ...args], {
      reject: false,
      env: { ...none, NO_COLOR: '1', HEADROOM_RESULTS: join(empty, 'results'), ...env },
    })
    seenBy.push(stdout, stderr)
    return { exitCode, lines: stderr.trim().split('\n') }
  }

  const secret = { HEADROOM_SESSION_SECRET: marker }

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['a gate with nothing to compare', ['gate'], {}, /nothing to compare with — give --base <rev>/],
    [
      'a gate with a revision and a URL',
      ['gate', '--base', 'HEAD', '--head-url', 'http://127.0.0.1:9'],
      {},
      /two ways to say the same/,
    ],
    [
      'a gate of too few pairs',
      ['gate', '--base', 'HEAD', '--pairs', '10'],
      {},
      /--pairs.*whole number from 11/,
    ],
    [
      'a gate of too few pairs for what it compares',
      ['gate', '--base', 'HEAD', '--pairs', '11', '--lighthouse', '/', '--lighthouse', '/docs'],
      {},
      /11 pairs can tell nothing of so much — give --pairs 12 or more/,
    ],
    [
      'a gate of one URL twice',
      ['gate', '--base-url', 'http://127.0.0.1:9', '--head-url', 'http://127.0.0.1:9/'],
      {},
      /--base-url and --head-url are the same/,
    ],
    [
      'a gate with one command',
      ['gate', '--base-url', 'http://a', '--head-url', 'http://b', '--base-command', 'x'],
      {},
      /one command alone.*--head-command/,
    ],
    [
      'a gate with a fault that only a load test has',
      ['gate', '--base', 'HEAD', '--fault', 'stop=api@50%'],
      {},
      /stop=api@50% is a load test's and would break nothing here/,
    ],
    ['a gate with one URL', ['gate', '--base-url', 'http://127.0.0.1:9'], {}, /one URL alone/],
    ['a gate of a journey without URLs', ['gate', '--base', 'HEAD', '--journey', 'x.ts'], {}, /--base-url/],
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
      'a month’s end at a deployment',
      ['loadtest', 'billing-storm', '--target', 'http://127.0.0.1:9'],
      secret,
      /billing-storm needs the stack that is started here.* — leave out --target/,
    ],
    ['a deployment without saying what', ['deployment'], {}, /does nothing by itself — one of: env, try/],
    ['an unknown part of a deployment', ['deployment', 'tri'], {}, /"tri" — did you mean "try"/],
    ['a deployment at no origin', ['deployment', 'env', '--origin', 'app'], {}, /--origin app is no origin/],
    [
      'a deployment where nothing is',
      ['deployment', 'use', 'http://127.0.0.1:59999'],
      {},
      /^✗ nothing answers at http:\/\/127\.0\.0\.1:59999 \(net::ERR_CONNECTION_REFUSED\) — give the address/,
    ],
    [
      'a deployment with a database whose address is none',
      ['deployment', 'env', '--own-database', '--out', '/dev/null/env'],
      { DATABASE_URL: 'nonsense://user:TOPSECRET@host' },
      /^✗ DATABASE_URL is no address of its kind — write postgres:/,
    ],
    [
      'a deployment with a database of one’s own that is not named',
      ['deployment', 'env', '--own-database'],
      {},
      /--own-database is given, and DATABASE_URL is not set/,
    ],
    ['books without a database', ['ledger'], {}, /DATABASE_URL is not set — set it to/],
    [
      'books without Stripe',
      ['ledger'],
      { DATABASE_URL: `postgres://me:${marker}@127.0.0.1:9/x` },
      /STRIPE_SECRET_KEY is not set — set it to/,
    ],
    [
      'books of a database that does not answer',
      ['ledger'],
      { DATABASE_URL: `postgres://me:${marker}@127.0.0.1:9/x`, STRIPE_SECRET_KEY: marker },
      /DATABASE_URL names a host and a port where nothing listens — correct them/,
    ],
    [
      'books since no time',
      ['ledger', '--since', 'yesterday'],
      {},
      /--since yesterday is no time — give one/,
    ],
    [
      'a target without a secret',
      ['loadtest', '--target', 'http://127.0.0.1:9'],
      {},
      /HEADROOM_SESSION_SECRET is not set/,
    ],
    [
      'a target that does not answer',
      ['loadtest', '--target', 'http://127.0.0.1:3'],
      secret,
      /does not answer.*check the address/,
    ],
    [
      'a broken DATABASE_URL',
      ['loadtest'],
      { DATABASE_URL: 'postgres://me:geheim@127.0.0.1:9/x' },
      /^✗ DATABASE_URL names a host and a port where nothing listens — .*unset it/,
    ],
    [
      'a REDIS_URL that does not answer',
      ['loadtest'],
      { REDIS_URL: 'redis://:geheim@127.0.0.1:9' },
      /^✗ REDIS_URL names a host and a port where nothing listens — .*unset it/,
    ],
    ...['loadtest', 'serve', 'seed'].map((command): [string, string[], Record<string, string>, RegExp] => [
      `a DATABASE_URL that is none, of ${command}`,
      command.split(' '),
      { DATABASE_URL: 'host=db user=app password=geheim' },
      /^✗ DATABASE_URL is no address of its kind — write postgres:\/\/user:password@/,
    ]),
    ...['postgres://app:geheim@/db', 'postgres://app:12/geheim@db/x'].map(
      (url): [string, string[], Record<string, string>, RegExp] => [
        `the DATABASE_URL ${url}`,
        ['loadtest'],
        { DATABASE_URL: url },
        /^✗ DATABASE_URL (names no host|holds an @)/,
      ],
    ),
    [
      'the REDIS_URL redis://:p#geheim@db',
      ['loadtest'],
      { REDIS_URL: 'redis://:p#geheim@db' },
      /^✗ REDIS_URL holds a #, which ends a URL — write it as %23/,
    ],
    [
      'a short DATABASE_ROLES_SECRET',
      ['seed'],
      { DATABASE_URL: process.env.DATABASE_URL ?? '', DATABASE_ROLES_SECRET: marker },
      /^✗ DATABASE_ROLES_SECRET is too short — choose one/,
    ],
    ['operators of no database', ['operator', 'list'], {}, /^✗ DATABASE_URL is not set — /],
    [
      'an operator whom nobody knows',
      ['operator', 'add', 'nobody@example.test'],
      { DATABASE_URL: process.env.DATABASE_URL ?? '' },
      /^✗ nobody signs in as nobody@example\.test — have them sign up/,
    ],
    [
      'an operator who is made by a process of Worklane',
      ['operator', 'add', 'nobody@example.test'],
      { DATABASE_URL: process.env.APP_DATABASE_URL ?? '' },
      /^✗ DATABASE_URL signs in as somebody who may not say who is an operator — sign in as the owner/,
    ],
    [
      'an option twice',
      ['loadtest', '--users', '5', '--users', '6'],
      {},
      /--users is given twice — give it once/,
    ],
    [
      'an option of a command below another twice',
      ['history', 'check', '--file', 'a', '--file=b'],
      {},
      /--file is given twice/,
    ],
    [
      'an unknown page after a known one',
      ['lighthouse', '--pages', '/', '--pages', '/dashbord'],
      {},
      /unknown page "\/dashbord" — did you mean "\/dashboard"/,
    ],
    ...['loadtest', 'lighthouse', 'gate --base HEAD'].map(
      (command): [string, string[], Record<string, string>, RegExp] => [
        `a file in place of the results of ${command}`,
        command.split(' '),
        { HEADROOM_RESULTS: '/dev/full' },
        /results cannot be written to \/dev\/full \(E\w+\) — name another directory in HEADROOM_RESULTS/,
      ],
    ),
    ['a directory as a history', ['history', 'check', '--file', '/'], {}, /\/ cannot be read \(EISDIR\)/],
    [
      'a directory as slices',
      ['bench', 'gate', '--slices', '/'],
      {},
      /\/ cannot be read — give the slices\.json/,
    ],
    [
      'slices that are none',
      ['bench', 'gate', '--slices', 'package.json'],
      {},
      /package\.json holds no slices \(as a whole: .*array.*\) — give the slices\.json/,
    ],
    [
      'slices that are no JSON',
      ['bench', 'gate', '--slices', 'README.md'],
      {},
      /README\.md holds no slices \(.*JSON.*\) — give the slices\.json/,
    ],
    ['a time without end', ['loadtest', '--duration', '9999999h'], {}, /--duration.*at most 168h/],
    ['a ramp without end', ['loadtest', '--ramp', '9999999h'], {}, /--ramp.*at most 168h/],
    ['a command that all objects have', ['toString'], {}, /unknown command "toString" — one of/],
    ['a journey that is not there', ['loadtest', '/no-such.ts'], {}, /there is no journey at/],
    ['a directory to be ready', ['serve', '--ready', '/'], {}, /--ready \/ cannot be written \(EISDIR\)/],
    [
      'a directory that is not there for being ready',
      ['serve', '--ready', '/nowhere/ready.json'],
      {},
      /--ready \S+ cannot be written \(ENOENT\)/,
    ],
    ['an unknown test step', ['test', 'unti'], {}, /unknown step "unti" — did you mean "unit"/],
  ])('is answered in one line with the fix and exit code 64: %s', async (_, args, env, line) => {
    const { exitCode, lines } = await use(args, env)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(line)
    expect(exitCode).toBe(64)
  })

  it.each<[string, string[]]>([
    ['without its scheme', ['loadtest', '--target', 'me:geheim@127.0.0.1:41601']],
    ['without its option', ['loadtest', 'http://me:geheim@127.0.0.1:41601']],
    ['one argument too many', ['loadtest', 'load', 'http://me:geheim@127.0.0.1:41601']],
    ['of an option that is none', ['loadtest', '--targt=http://me:geheim@127.0.0.1:41601']],
    ['in place of the command', ['http://me:geheim@127.0.0.1:41601']],
    ['of a connection in place of a target', ['loadtest', '--target', 'host=db password=geheim']],
    ['of a Redis in place of a journey', ['loadtest', 'redis://:p#geheim@db']],
    ['of a side', ['gate', '--base-url', 'me:geheim@127.0.0.1:1', '--head-url', 'http://127.0.0.1:2']],
  ])('is told without the user info of an address: %s', async (_, args) => {
    const { exitCode, lines } = await use(args, secret)
    expect(lines).toHaveLength(1)
    expect(lines[0]).not.toContain('geheim')
    expect(exitCode).toBe(64)
  })

  const staging = ['--target', 'http://staging.example.com']

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no target', [], secret, /--target is missing — give its address as the cluster sees it/],
    ['no secret', staging, {}, /HEADROOM_SESSION_SECRET is not set, and --kubernetes needs.*set it to/],
    [
      'a secret that no file of secrets can hold',
      staging,
      { HEADROOM_SESSION_SECRET: 'two\nlines' },
      /HEADROOM_SESSION_SECRET holds a line break/,
    ],
    ['a target that is no URL', ['--target', 'staging'], secret, /--target staging is no URL/],
    [
      'a target that each runner is itself',
      ['--target', 'http://localhost:3000'],
      secret,
      /--target http:\/\/localhost:3000 is each runner itself/,
    ],
    ['a fault', [...staging, '--fault', 'leak=cache'], secret, /--fault cannot break.*leave it out/],
    ['no think time', [...staging, '--think', '0s'], secret, /--think 0s says nothing/],
    ['more shards than users', [...staging, '--users', '2', '--shards', '3'], secret, /--shards 3 is more/],
  ])('is nothing that a cluster can play: %s', async (_, args, env, line) => {
    const directory = join(empty, 'cluster')
    const { exitCode, lines } = await use(['loadtest', 'load', '--kubernetes', directory, ...args], env)
    expect(lines).toEqual([expect.stringMatching(line)])
    expect(exitCode).toBe(64)
    // Nothing is left of it.
    expect((await readdir(empty)).filter((name) => name !== 'results')).toEqual([])
  })

  it('is a cluster that should search for the capacity, or an image without a cluster', async () => {
    const capacity = await use(['loadtest', 'capacity', '--kubernetes', join(empty, 'x'), ...staging], secret)
    expect(capacity.lines).toEqual([expect.stringMatching(/capacity is a search of many — write stress/)])
    const storm = await use(
      ['loadtest', 'billing-storm', '--kubernetes', join(empty, 'x'), ...staging],
      secret,
    )
    expect(storm.lines).toEqual([
      expect.stringMatching(/billing-storm needs the payments sandbox.* — play it/),
    ])
    expect(storm.exitCode).toBe(64)
    const image = await use(['loadtest', '--runner-image', 'k6:mine'])
    expect(image.lines).toEqual([expect.stringMatching(/--runner-image.*--kubernetes is missing — give/)])
    expect([capacity.exitCode, image.exitCode]).toEqual([64, 64])
  })

  it('is a directory for a cluster that has something in it, which stays as it is', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headroom-full-'))
    await writeFile(join(directory, 'mine'), '')
    const { exitCode, lines } = await use(['loadtest', '--kubernetes', directory, ...staging], secret)
    expect(lines).toEqual([expect.stringMatching(/--kubernetes .* is not empty — give a directory/)])
    expect(exitCode).toBe(64)
    expect(await readdir(directory)).toEqual(['mine'])
    const file = await use(['loadtest', '--kubernetes', join(directory, 'mine'), ...staging], secret)
    expect(file.lines).toEqual([expect.stringMatching(/is no directory \(ENOTDIR\)/)])
    await rm(directory, { recursive: true })
  })

  describe('of the collector', () => {
    const both = { ...secret, HEADROOM_COLLECTOR_TOKEN: marker }
    const population = { seed: 1, organisations: 50, users: 2_000 }
    const order = {
      version: 1,
      target: 'http://staging.example.com',
      revision: null,
      plan: {
        scenario: 'smoke',
        users: 110,
        think: 2_500,
        ramp: 1_000,
        duration: 5_000,
        seed: 1,
        shards: 2,
        population,
      },
    }
    const collect = async (plan: unknown, env: Record<string, string> = both, host = '127.0.0.1') => {
      const directory = await mkdtemp(join(tmpdir(), 'headroom-plan-'))
      const file = join(directory, 'plan.json')
      await writeFile(file, typeof plan === 'string' ? plan : JSON.stringify(plan))
      const used = await use(['collect', '--plan', file, '--port', String(busy), '--host', host], env)
      await rm(directory, { recursive: true })
      return used
    }

    it.each<[string, unknown, RegExp]>([
      ['that is no JSON', '{', /--plan \S+ is no JSON/],
      ['of another version', { ...order, version: 2 }, /version: .*write it with pnpm loadtest/],
      [
        'with user info',
        { ...order, target: 'https://me:geheim@staging.example.com' },
        /^✗ --plan (?!.*geheim).* target: holds user info/,
      ],
      ['against no origin', { ...order, target: 'staging' }, /target: must be an origin/],
      [
        'of an unknown scenario',
        { ...order, plan: { ...order.plan, scenario: 'smok' } },
        /plan\.scenario: Invalid option.*"smoke"/,
      ],
      [
        'with a field that is none, and a wrong one',
        { ...order, plan: { ...order.plan, user: 1, population: { ...population, users: '2000' } } },
        /plan\.population\.users: .*expected number.*plan: Unrecognized key: "user"/,
      ],
      [
        'of more users than there are',
        { ...order, plan: { ...order.plan, users: 5_000 } },
        /plan\.users: must not be more than the population has/,
      ],
    ])('is a plan %s', async (_, plan, line) => {
      const { exitCode, lines } = await collect(plan)
      expect(lines).toEqual([expect.stringMatching(line)])
      expect(exitCode).toBe(64)
    })

    it.each(['nowhere.invalid', '[::1]', 'a b', 'fe80::1'])(
      'is a host that cannot be listened on: %s',
      async (host) => {
        const { exitCode, lines } = await collect(order, both, host)
        expect(lines).toEqual([expect.stringMatching(/cannot be listened on \(E\w+\) — give another --port/)])
        expect(exitCode).toBe(64)
      },
    )

    it('is a proxy to the target that it cannot ask through', async () => {
      const env = { ...both, HTTP_PROXY: 'socks5://127.0.0.1:1', NO_PROXY: '', no_proxy: '' }
      // Another address of this machine, at which the port is free.
      const { exitCode, lines } = await collect(order, { ...env, HEADROOM_RESULTS: empty }, '127.0.0.2')
      expect(lines).toEqual([expect.stringMatching(/HTTP_PROXY is a proxy of socks5:\/\/.*not supported/)])
      expect(exitCode).toBe(64)
    })

    it('is no plan, a missing token or secret, and a port that is in use', async () => {
      const used = [
        await use(['collect'], both),
        await use(['collect', '--plan', '/nowhere/plan.json'], both),
        await use(['collect', '--plan', '/'], both),
        await collect(order, { ...both, HEADROOM_RESULTS: '/dev/null' }),
        await collect(order, secret),
        await collect(order, { HEADROOM_COLLECTOR_TOKEN: marker }),
        await collect(order),
      ]
      expect(used.map(({ lines }) => lines)).toEqual([
        [expect.stringMatching(/required option '--plan <file>' not specified/)],
        [expect.stringMatching(/--plan \/nowhere\/plan.json cannot be read \(ENOENT\)/)],
        [expect.stringMatching(/--plan \/ cannot be read \(EISDIR\)/)],
        [expect.stringMatching(/results cannot be written to \/dev\/null/)],
        [expect.stringMatching(/HEADROOM_COLLECTOR_TOKEN is not set — set it to/)],
        [expect.stringMatching(/HEADROOM_SESSION_SECRET is not set — set it to/)],
        [expect.stringMatching(/cannot be listened on \(EADDRINUSE\) — give another --port/)],
      ])
      expect(used.map(({ exitCode }) => exitCode)).toEqual([64, 64, 64, 64, 64, 64, 64])
    })
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

  // Last: it reads what all of the others left.
  it('leaves no secret anywhere: terminal, results, logs of what was started', async () => {
    expect(seenBy.length).toBeGreaterThan(100)
    expect(seenBy.filter((text) => text.includes(marker))).toEqual([])
    const runs = (await readdir('.headroom/runs')).map((run) => join('.headroom/runs', run, 'logs'))
    const written = [...(await filesBelow(empty)), ...(await Promise.all(runs.map(filesBelow))).flat()]
    expect(written.some((file) => file.endsWith('.log'))).toBe(true)
    // Runs of others end meanwhile, and the oldest are removed.
    for (const file of written)
      expect(await readFile(file, 'utf8').catch(() => ''), file).not.toContain(marker)
  })
})
