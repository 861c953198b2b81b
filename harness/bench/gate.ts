import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { below } from '@headroom/fixtures/random.ts'
import type { GateVerdict } from '@headroom/perf-budgets/gate/judge.ts'
import { gate as rules } from '@headroom/perf-budgets/slo.ts'
import { z } from 'zod'
import { judgeSlices } from '../gate/gate.ts'
import { eachCpu, metricsOf, Slice, soundPairs } from '../gate/slices.ts'
import { isPage } from '../plan/routes.ts'
import { UsageError } from '../plan/usage.ts'
import { plainTable } from '../result/table.ts'

const recordings = join(import.meta.dirname, 'recorded')

/** slices.json, packed, of each gate of a revision against itself that was kept. */
export const recordedGates = async (): Promise<string[]> =>
  (await readdir(recordings)).sort().map((name) => join(recordings, name))

type SlicePair = { base: Slice; head: Slice }

/** What a gate of another making says of the same pairs; true when it blocks. */
const others: Record<string, (pairs: readonly SlicePair[]) => boolean> = {
  // The first run of each, and 5%.
  'one run each, 5%': (pairs) =>
    metricsOf(flat(pairs.slice(0, 1))).some(({ pairs: [one] }) => one && one.head > 1.05 * one.base),
  // Lighthouse CI's default is optimistic: the best of five runs of each.
  'best of 5 runs, 5%': (pairs) =>
    metricsOf(flat(pairs.slice(0, 5))).some(({ pairs }) => {
      const best = (side: 'base' | 'head') => Math.min(...pairs.map((pair) => pair[side]))
      return best('head') > 1.05 * best('base')
    }),
}

type Injection = {
  name: string
  slower: number
  only?: 'pages' | 'API'
  /** Pairs the way round that they were recorded: what all recorded ones have in common, by chance or not, stays. */
  asRecorded?: true
}

const injections: Injection[] = [
  { name: 'the same', slower: 1 },
  { name: 'the same, as recorded', slower: 1, asRecorded: true },
  { name: '+5%', slower: 1.05 },
  { name: '+10%', slower: 1.1 },
  { name: '+10%, pages alone', slower: 1.1, only: 'pages' },
  { name: '+10%, the API alone', slower: 1.1, only: 'API' },
]

/**
 * How often the gate reports a false positive, and how often it catches what was injected: gates made of recorded slices. Of gates
 * of a revision against itself whole pairs are drawn, with replacement and either way round, since each was played
 * by processes of its own and both sides are the same. What is injected multiplies the times and the CPU of head's
 * slices: CPU as a slower head would have it, times by more, since a head that takes longer keeps base waiting as well.
 * It is a simulation on real measurements, no run of its own.
 *
 * @param files each the slices.json of a gate, packed (.gz) or not
 * @throws UsageError when a file cannot be read, or there are too few pairs to draw from
 */
export async function benchGate(
  files: readonly string[],
  gates: number,
  print: (line: string) => void,
): Promise<void> {
  const gatesRecorded = await Promise.all(files.map(readPairs))
  const recorded = gatesRecorded.flat()
  const [least, most] = [Math.min(...rules.interimAnalyses), Math.max(...rules.interimAnalyses)]
  if (recorded.length < least)
    throw new UsageError(
      `${recorded.length} pairs are recorded, and ${least} is the least`,
      'record some: pnpm gate --base HEAD, and give its slices.json',
    )
  print(
    `${gates} gates of ${rules.interimAnalyses.join(' or ')} pairs each, drawn from ${recorded.length} recorded pairs of a revision against itself`,
  )
  if (recorded.length < 2 * most)
    print(`(fewer than ${2 * most}: what is drawn repeats itself more than a real run does)`)
  const table = plainTable(
    ['head is', 'fail', 'undecided', 'pass', 'pairs', ...Object.keys(others).map((name) => `${name}: fail`)],
    ['left', ...Array.from({ length: 4 + Object.keys(others).length }, () => 'right' as const)],
  )
  for (const injection of injections) {
    const counts = { fail: 0, undecided: 0, pass: 0, invalid: 0 }
    const blocked = Object.fromEntries(Object.keys(others).map((name) => [name, 0]))
    let used = 0
    for (let gate = 0; gate < gates; gate++) {
      const drawn = draw(recorded, most, gate, injection)
      for (const [name, blocks] of Object.entries(others))
        if (blocks(drawn)) blocked[name] = (blocked[name] ?? 0) + 1
      const { verdict, pairs } = judged(drawn)
      counts[verdict]++
      used += pairs
    }
    const share = (count: number) => `${((100 * count) / gates).toFixed(1)}%`
    table.push([
      injection.name,
      ...[share(counts.fail), share(counts.undecided), share(counts.pass), (used / gates).toFixed(1)],
      ...Object.values(blocked).map(share),
    ])
  }
  print(`\n${table.toString()}\n`)
  // What a gate has in common from its first pair to its last is in no drawn one.
  const whole = gatesRecorded.flatMap((pairs) => [pairs, pairs.map(turned)]).map(judged)
  const of = (verdict: GateVerdict) => `${whole.filter((each) => each.verdict === verdict).length} ${verdict}`
  print(
    `The recorded gates themselves, as they were and with head as base: ${of('fail')}, ${of('undecided')}, ${of('pass')}`,
  )
}

/** What a gate of these pairs says, and after how many. */
function judged(pairs: readonly SlicePair[]): { verdict: GateVerdict; pairs: number } {
  for (const count of rules.interimAnalyses) {
    const { verdict } = judgeSlices(flat(pairs.slice(0, count)))
    if (verdict !== 'undecided' || pairs.length <= count) return { verdict, pairs: count }
  }
  return { verdict: 'undecided', pairs: pairs.length }
}

const turned = ({ base, head }: SlicePair): SlicePair => ({
  base: { ...head, side: 'base' },
  head: { ...base, side: 'head' },
})

const flat = (pairs: readonly SlicePair[]): Slice[] => pairs.flatMap(({ base, head }) => [base, head])

async function readPairs(file: string): Promise<SlicePair[]> {
  const bytes = await readFile(file).catch(() => {
    throw new UsageError(`${file} cannot be read`, 'give the slices.json that a gate left in results/')
  })
  try {
    const text = file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes
    return soundPairs(z.array(Slice).parse(JSON.parse(text.toString())))
  } catch (error) {
    throw new UsageError(
      `${file} holds no slices (${reasonOf(error)})`,
      'give the slices.json that a gate left in results/',
    )
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return (error as Error).message
  const [issue] = error.issues
  return `${issue?.path.join('.') || 'as a whole'}: ${issue?.message ?? 'wrong'}`
}

/** Pairs of one gate, numbered anew. */
function draw(
  recorded: readonly SlicePair[],
  pairs: number,
  gate: number,
  injection: Injection,
): SlicePair[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const drawn = recorded[below(recorded.length, 91, gate, pair)] as SlicePair
    const { base, head } = injection.asRecorded || below(2, 92, gate, pair) === 0 ? drawn : turned(drawn)
    return { base: { ...base, pair }, head: { ...slowed(head, injection), pair } }
  })
}

const slowed = (slice: Slice, { slower, only }: Injection): Slice => {
  const kind = only === 'pages' ? 'web' : 'api'
  return {
    ...slice,
    cpu: slice.cpu && eachCpu(slice.cpu, (ms, of) => (only && of !== kind ? ms : ms * slower)),
    routes: slice.routes.map((route) =>
      only && isPage(route.route) !== (only === 'pages')
        ? route
        : { ...route, p50: route.p50 * slower, p95: route.p95 * slower },
    ),
  }
}
