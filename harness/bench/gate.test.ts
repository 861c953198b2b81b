import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unit } from '@headroom/fixtures/random.ts'
import { expect, it, onTestFinished } from 'vitest'
import type { Slice } from '../gate/slices.ts'
import { benchGate, recordedGates } from './gate.ts'

/** What a gate would leave of so many pairs that scatter by 2%. */
const slicesOf = (pairs: number): Slice[] =>
  Array.from({ length: pairs }, (_, pair) =>
    (['base', 'head'] as const).map((side, turn): Slice => {
      const factor = 1 + 0.04 * (unit(3, pair, turn) - 0.5)
      const route = (route: string, count: number, ms: number) => ({
        route,
        count,
        p50: ms * factor,
        p95: 3 * ms * factor,
      })
      return {
        pair,
        side,
        turn,
        seed: pair,
        requests: 500,
        errors: 0,
        leaks: 0,
        invalidReasons: [],
        cpu: { web: 20 * factor, api: 6 * factor, 'the rest': 6 * factor },
        routes: [route('page /dashboard', 100, 40), route('GET /v1/me', 400, 10)],
      }
    }),
  ).flat()

async function bench(slices: Slice[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'headroom-bench-gate-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'slices.json')
  await writeFile(file, JSON.stringify(slices))
  const lines: string[] = []
  await benchGate([file], 20, (line) => lines.push(line))
  return lines.join('\n')
}

/** The cells of a row. */
const row = (text: string, name: string) =>
  text
    .split('\n')
    .find((line) => line.trim().startsWith(name))
    ?.trim()
    .split(/ {2,}/)

it('says of what scatters little that nothing passes but what is the same', async () => {
  const text = await bench(slicesOf(40))
  expect(text).toContain('drawn from 40 recorded pairs')
  expect(text).toContain('as they were and with head as base: 0 fail, 0 undecided, 2 pass')
  for (const same of ['the same ', 'the same, as recorded'])
    expect(row(text, same)?.slice(1, 5)).toEqual(['0.0%', '0.0%', '100.0%', '20.0'])
  for (const slower of ['+5%', '+10%', '+10%, pages alone', '+10%, the API alone'])
    expect(row(text, `${slower} `)?.slice(0, 2)).toEqual([slower, '100.0%'])
})

it('draws from sound pairs alone, and refuses to draw from fewer than a gate has', async () => {
  const slices = slicesOf(20).map((slice) =>
    slice.pair === 7 ? { ...slice, invalidReasons: ['late'] } : slice,
  )
  await expect(bench(slices)).rejects.toThrow('19 pairs are recorded, and 20 is the least')
})

it('draws from the gates that are kept here, of which none had failed', async () => {
  const files = await recordedGates()
  expect(files.length).toBeGreaterThan(0)
  const lines: string[] = []
  await benchGate(files, 1, (line) => lines.push(line))
  expect(lines.join('\n')).toMatch(/with head as base: 0 fail/)
})
