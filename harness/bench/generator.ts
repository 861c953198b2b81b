import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentile } from '@headroom/loadtests/wire/histogram.ts'
import { vusFor } from '@headroom/loadtests/wire/workloads.ts'
import { lacking, startCollector } from '../collect/collector.ts'
import { amount } from '../result/words.ts'
import { type Sample, startGenerator } from '../run/generator.ts'
import { type Guard, startGuard } from '../stack/guard.ts'
import { provide } from '../toolchain/provide.ts'
import { type Cost, costsNothing, tableOf, type Work } from './cost.ts'
import { type Nothing, serveNothing, until, watch } from './nothing.ts'
import { peerCost, peers } from './peers/peers.ts'

async function swarmCost(guard: Guard, nothing: Nothing, k6: string, work: Work): Promise<Cost> {
  const collector = await startCollector(undefined, { answer: lacking('files') })
  const { users, thinkMs, rampMs, durationMs } = work
  const generator = startGenerator(guard, {
    id: 'bench',
    k6,
    scenario: '100k',
    vus: vusFor(users),
    shards: 1,
    prometheusUrl: '',
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
    generator: 'headroom swarm',
    users: active,
    ...seen,
    rssBytes: peak,
    lagMs: percentile(collected.lag.get('steady') ?? new Map(), 0.99),
    missing: code === 0 ? null : lastLines,
  }
}

const settled = <T>(promise: Promise<T>): Promise<T | null> => Promise.race([promise, Promise.resolve(null)])

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
      const given = { work: small, origin: nothing.origin, directory, k6: k6.path }
      for (const [name, peer] of Object.entries(peers)) {
        const cost = await peer(given)
          .then((ready) => peerCost(guard, nothing, directory, ready, small))
          .catch((error: Error) => costsNothing(name, error.message.split('\n')[0] ?? ''))
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
