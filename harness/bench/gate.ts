import { readFile } from 'node:fs/promises'
import { below } from '@headroom/fixtures/random.ts'
import { gate as rules } from '@headroom/perf-budgets/slo.ts'
import { z } from 'zod'
import { UsageError } from '../cli/usage.ts'
import { judgeSlices } from '../gate/gate.ts'
import { eachCpu, metricsOf, Slice, soundPairs } from '../gate/slices.ts'
import { plainTable } from '../report/table.ts'

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

const injections = [1, 1.05, 1.1]

/**
 * How often the gate cries wolf, and how often it catches what was injected: gates made of recorded slices. Of gates
 * of a revision against itself whole pairs are drawn anew, with replacement, each either way round; what is injected
 * multiplies the times and the CPU of head's slices. It is a simulation on real measurements, no run of its own.
 */
export async function benchGate(
  files: readonly string[],
  gates: number,
  print: (line: string) => void,
): Promise<void> {
  const recorded = (await Promise.all(files.map(readPairs))).flat()
  const least = Math.max(...rules.looks)
  if (recorded.length < rules.looks[0])
    throw new UsageError(
      `${recorded.length} sound pairs are recorded, and ${rules.looks[0]} is the least`,
      'record some: pnpm gate --base HEAD, and give its slices.json',
    )
  print(
    `${gates} gates of ${rules.looks.join(' or ')} pairs each, drawn from ${recorded.length} recorded pairs of a revision against itself`,
  )
  if (recorded.length < least)
    print(`(fewer than ${least}: what is drawn repeats itself more than a real run does)`)
  const table = plainTable(
    ['head is', 'fail', 'undecided', 'pass', 'pairs', ...Object.keys(others).map((name) => `${name}: fail`)],
    ['left', ...Array.from({ length: 4 + Object.keys(others).length }, () => 'right' as const)],
  )
  for (const slower of injections) {
    const counts = { fail: 0, undecided: 0, pass: 0, invalid: 0 }
    const blocked = Object.fromEntries(Object.keys(others).map((name) => [name, 0]))
    let used = 0
    for (let gate = 0; gate < gates; gate++) {
      const drawn = draw(recorded, least, gate, slower)
      for (const [name, blocks] of Object.entries(others))
        if (blocks(drawn)) blocked[name] = (blocked[name] ?? 0) + 1
      for (const look of rules.looks) {
        const { verdict } = judgeSlices(flat(drawn.slice(0, look)))
        if (verdict === 'undecided' && look < least) continue
        counts[verdict]++
        used += look
        break
      }
    }
    const share = (count: number) => `${((100 * count) / gates).toFixed(1)}%`
    table.push([
      slower === 1 ? 'the same' : `+${((slower - 1) * 100).toFixed(0)}%`,
      ...[share(counts.fail), share(counts.undecided), share(counts.pass), (used / gates).toFixed(1)],
      ...Object.values(blocked).map(share),
    ])
  }
  print(`\n${table.toString()}\n`)
}

const flat = (pairs: readonly SlicePair[]): Slice[] => pairs.flatMap(({ base, head }) => [base, head])

async function readPairs(file: string): Promise<SlicePair[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`, 'give the slices.json that a gate left in results/')
  })
  return soundPairs(z.array(Slice).parse(JSON.parse(text)))
}

/** Pairs of one gate: numbered anew, each either way round, head's so much slower. */
function draw(recorded: readonly SlicePair[], pairs: number, gate: number, slower: number): SlicePair[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const { base, head } = recorded[below(recorded.length, 91, gate, pair)] as SlicePair
    const [one, other] = below(2, 92, gate, pair) === 0 ? [base, head] : [head, base]
    return {
      base: { ...one, pair, side: 'base' as const },
      head: { ...slowed(other, slower), pair, side: 'head' as const },
    }
  })
}

const slowed = (slice: Slice, slower: number): Slice => ({
  ...slice,
  cpu: slice.cpu && eachCpu(slice.cpu, (ms) => ms * slower),
  routes: slice.routes.map((route) => ({ ...route, p50: route.p50 * slower, p95: route.p95 * slower })),
})
