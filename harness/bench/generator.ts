import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { percentile } from '@headroom/loadtests/wire/histogram.ts'
import { vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { execa } from 'execa'
import getPort from 'get-port'
import { startCollector } from '../collect/collector.ts'
import { plainTable } from '../report/table.ts'
import { amount, megabytes, time } from '../report/words.ts'
import { type Sample, startGenerator } from '../run/generator.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { answers, launch, untilReady } from '../stack/part.ts'
import { project } from '../stack/project.ts'
import { usageOf } from '../stack/usage.ts'
import { provide } from '../toolchain/provide.ts'
import { pythonPackage } from '../toolchain/python.ts'
import { artilleryScript } from './peers/artillery.ts'

/** What a generator's process costs while it plays so many users against a server that does nothing. */
export type Cost = {
  generator: string
  users: number
  requestsPerSecond: number
  cpuMsPerRequest: number
  rssBytes: number
  /** p99, where the generator can tell. */
  lagMs: number | null
  /** Why there are no figures, or null. */
  missing: string | null
}

type Nothing = { origin: string; requests(): Promise<number> }

/** nginx with one constant answer for everything, and a count of what it answered. */
async function serveNothing(
  guard: Guard,
  program: string,
  directory: string,
): Promise<Nothing & { stop(): Promise<void> }> {
  const port = await getPort()
  const user = process.getuid?.() === 0 ? 'user root;\n' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${directory}/${name};`)
    .join('\n')
  const body = 'x'.repeat(1_500)
  await writeFile(
    join(directory, 'nginx.conf'),
    `${user}pid ${directory}/nginx.pid;
daemon off;
worker_processes 1;
events { worker_connections 16384; multi_accept on; }
http {
${temporary}
  access_log off;
  keepalive_requests 10000000;
  keepalive_timeout 300s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /stub { stub_status; }
    location / { default_type text/plain; return 200 "${body}"; }
  }
}
`,
  )
  const part = launch(guard, {
    ...{ name: 'nothing', command: program, logFile: join(directory, 'nginx.log'), stopSignal: 'SIGQUIT' },
    args: ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
  })
  const origin = `http://127.0.0.1:${port}`
  await untilReady(part, answers(`${origin}/stub`), 20)
  return {
    origin,
    // "accepts handled requests" and their three counts, ngx_http_stub_status_module.
    async requests() {
      const counts = (await (await fetch(`${origin}/stub`)).text()).split('\n')[2] ?? ''
      return Number(counts.trim().split(' ')[2])
    },
    stop: () => part.stop(),
  }
}

type Watched = { requestsPerSecond: number; cpuMsPerRequest: number; rssBytes: number }

/** What a process with all its children costs between two moments. */
async function watch(pids: readonly number[], nothing: Nothing, from: number, to: number): Promise<Watched> {
  const look = async () => {
    const usage = [...(await usageOf(pids)).values()]
    return {
      at: Date.now(),
      cpu: usage.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      rss: usage.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      requests: await nothing.requests(),
    }
  }
  await until(from)
  const first = await look()
  let rssBytes = first.rss
  let last = first
  while (Date.now() < to) {
    await until(Math.min(to, Date.now() + 1_000))
    const now = await look()
    if (now.rss === 0) break
    last = now
    rssBytes = Math.max(rssBytes, last.rss)
  }
  const requests = last.requests - first.requests
  return {
    requestsPerSecond: requests / ((last.at - first.at) / 1_000),
    cpuMsPerRequest: ((last.cpu - first.cpu) * 1_000) / requests,
    rssBytes,
  }
}

const until = (moment: number) =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())))

type Work = { users: number; thinkMs: number; rampMs: number; durationMs: number }

async function swarmCost(guard: Guard, nothing: Nothing, k6: string, work: Work): Promise<Cost> {
  const collector = await startCollector()
  const { users, thinkMs, rampMs, durationMs } = work
  const generator = startGenerator(guard, {
    ...{ id: 'bench', k6, scenario: '100k', vus: vusFor(users), shards: 1, prometheusUrl: '' },
    env: {
      HEADROOM_TARGET: nothing.origin,
      HEADROOM_SESSION_SECRET: 'a secret of nobody',
      HEADROOM_COLLECTOR: collector.url,
      HEADROOM_USERS: String(users),
      HEADROOM_THINK: String(thinkMs),
      HEADROOM_RAMP: String(rampMs),
      HEADROOM_DURATION: String(durationMs),
      HEADROOM_POPULATION_ORGANISATIONS: '1000',
      HEADROOM_POPULATION_USERS: '100000',
      HEADROOM_SCAN: '0',
      // A stream that ends at once is none.
      HEADROOM_STREAMS: '0',
    },
  })
  while (collector.collected.startedAt === null && (await settled(generator.exited)) === null)
    await until(Date.now() + 100)
  const steadyAt = (collector.collected.startedAt ?? Date.now()) + rampMs
  const pids = generator.shards.map(({ pid }) => pid)
  const seen = await watch(pids, nothing, steadyAt, steadyAt + durationMs)
  const { code, lastLines } = await generator.exited
  await collector.close()
  const { collected } = collector
  const active = [...collected.vus.values()].reduce((sum, { peakUsers }) => sum + peakUsers, 0)
  const peak = Math.max(
    ...generator.shards.flatMap(({ samples }: { samples: Sample[] }) =>
      samples.map(({ rssBytes }) => rssBytes),
    ),
  )
  return {
    ...{ generator: 'headroom swarm', users: active, ...seen, rssBytes: peak },
    lagMs: percentile(collected.lag.get('steady') ?? new Map(), 0.99),
    missing: code === 0 ? null : lastLines,
  }
}

const settled = <T>(promise: Promise<T>): Promise<T | null> => Promise.race([promise, Promise.resolve(null)])

type Peer = { name: string; command: string; args: string[]; env?: Record<string, string> }

async function peerCost(
  guard: Guard,
  nothing: Nothing,
  directory: string,
  peer: Peer,
  work: Work,
): Promise<Cost> {
  const { users, thinkMs, rampMs, durationMs } = work
  const seconds = Math.ceil((rampMs + durationMs) / 1_000)
  const part = launch(guard, {
    ...{ name: peer.name, command: peer.command, args: peer.args, cwd: directory },
    logFile: join(directory, `${peer.name.replaceAll(/\W+/g, '-')}.log`),
    env: {
      TARGET: nothing.origin,
      USERS: String(users),
      THINK_SECONDS: String(thinkMs / 1_000),
      SECONDS: String(seconds + 5),
      ...peer.env,
    },
  })
  const begins = Date.now() + rampMs
  const seen = await watch([part.pid], nothing, begins, begins + durationMs)
  const ended = !part.running()
  await part.stop()
  const missing = ended || !(seen.requestsPerSecond > 0) ? `it ended early, see ${part.logFile}` : null
  return { generator: peer.name, users, ...seen, lagMs: null, missing }
}

/** Where peers are installed: beside the other tools, outside of what is committed. */
const peerHome = join(project, '.headroom/peers')
const artilleryVersion = '2.0.34'
const locustVersion = '2.47.0'

async function artillery(): Promise<string> {
  const home = join(peerHome, `artillery-${artilleryVersion}`)
  const program = join(home, 'node_modules/.bin/artillery')
  const { failed } = await execa(program, ['version'], { reject: false })
  if (failed) {
    await mkdir(home, { recursive: true })
    const quietly = ['--no-save', '--no-audit', '--no-fund']
    await execa('npm', ['install', '--prefix', home, ...quietly, `artillery@${artilleryVersion}`], {
      // It brings a browser engine for a kind of test that is not made here.
      env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
    })
  }
  return program
}

const locust = async (): Promise<string> =>
  join(dirname(await pythonPackage({ name: 'locust', version: locustVersion })), 'locust')

const peersDirectory = join(import.meta.dirname, 'peers')

/** What peers are given to do: as much as the heaviest of them can on one core. */
const small: Work = { users: 2_000, thinkMs: 4_000, rampMs: 8_000, durationMs: 20_000 }

/**
 * What the swarm costs with 100,000 users, and what it and its peers cost with as many as each of them can play.
 * Everything asks the same nginx for the same constant.
 */
export async function benchGenerator(
  options: { minutes: number; peers: boolean },
  say: (line: string) => void,
): Promise<void> {
  const { k6, nginx } = await provide(['k6', 'nginx'], say)
  const guard = startGuard()
  const directory = await mkdtemp(join(tmpdir(), 'headroom-bench-'))
  const nothing = await serveNothing(guard, nginx.path, directory)
  try {
    const costs: Cost[] = []
    const add = (cost: Cost) => {
      costs.push(cost)
      say(
        `${cost.generator}: ${cost.missing ?? `${amount(cost.users)} users, ${cost.cpuMsPerRequest.toFixed(3)} ms CPU a request`}`,
      )
    }
    // 1.2 requests a step: 100,000 users who think 75 s ask 1,600 times a second.
    const large = { users: 100_000, thinkMs: 75_000, rampMs: 60_000, durationMs: options.minutes * 60_000 }
    add(await swarmCost(guard, nothing, k6.path, large))
    add(await swarmCost(guard, nothing, k6.path, small))
    if (options.peers) {
      const seconds = String(Math.ceil((small.rampMs + small.durationMs) / 1_000) + 5)
      const peers: [string, () => Promise<Peer>][] = [
        [
          'k6, one VU a user',
          async () => ({
            ...{ name: 'k6, one VU a user', command: k6.path },
            args: [
              'run',
              '--quiet',
              '--no-usage-report',
              '--address',
              '',
              join(peersDirectory, 'plain.k6.js'),
            ],
          }),
        ],
        [
          'Locust',
          async () => ({
            ...{ name: 'Locust', command: await locust() },
            args: [
              ...[
                '--headless',
                '--only-summary',
                '-f',
                join(peersDirectory, 'locustfile.py'),
                '-H',
                nothing.origin,
              ],
              ...['-u', String(small.users), '-r', String(small.users / 4), '-t', `${seconds}s`],
            ],
          }),
        ],
        [
          'Artillery',
          async () => {
            const script = join(directory, 'artillery.json')
            const { users, thinkMs } = small
            const load = {
              target: nothing.origin,
              users,
              thinkSeconds: thinkMs / 1_000,
              seconds: Number(seconds),
            }
            await writeFile(script, JSON.stringify(artilleryScript(load)))
            return {
              ...{ name: 'Artillery', command: await artillery(), args: ['run', '--quiet', script] },
              env: { ARTILLERY_DISABLE_TELEMETRY: 'true' },
            }
          },
        ],
      ]
      for (const [name, peer] of peers) {
        const cost = await peer()
          .then((ready) => peerCost(guard, nothing, directory, ready, small))
          .catch((error: Error) => ({
            ...{
              generator: name,
              users: 0,
              requestsPerSecond: 0,
              cpuMsPerRequest: 0,
              rssBytes: 0,
              lagMs: null,
            },
            missing: error.message.split('\n')[0] ?? '',
          }))
        add(cost)
      }
    }
    say('')
    say(tableOf(costs))
    say(
      `\n  ${cpus().length} cores, nginx answering 1.5 KB of nothing, ${options.minutes} min for 100,000 users`,
    )
  } finally {
    await nothing.stop()
    guard.end()
    await rm(directory, { recursive: true, force: true })
  }
}

function tableOf(costs: readonly Cost[]): string {
  const table = plainTable(
    ['generator', 'users', 'requests/s', 'CPU a request', 'memory', 'memory a user', 'late, p99'],
    ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
  )
  for (const { generator, users, requestsPerSecond, cpuMsPerRequest, rssBytes, lagMs, missing } of costs) {
    if (missing) table.push([generator, { colSpan: 6, content: missing.slice(0, 80) }])
    else {
      table.push([
        ...[generator, amount(users), requestsPerSecond.toFixed(0), `${cpuMsPerRequest.toFixed(3)} ms`],
        ...[
          megabytes(rssBytes),
          `${(rssBytes / users / 1024).toFixed(1)} KB`,
          lagMs === null ? '—' : time(lagMs),
        ],
      ])
    }
  }
  return table.toString()
}
