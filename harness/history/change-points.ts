import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { pythonPackage } from '../toolchain/python.ts'
import type { ChangePoint, Series } from './ratchet.ts'

/** https://otava.apache.org: E-divisive (Matteson and James, 2014), with Student's t for what it finds. */
export const otava = { name: 'apache-otava', version: '0.8.0' }

const Found = z.array(
  z.array(z.object({ index: z.number().int(), before: z.number(), after: z.number(), p: z.number() })),
)

/** With fewer points than this nothing can be found. */
const fewest = 6

/** Series → where their level changed, oldest first. */
export async function changePoints(series: readonly Series[]): Promise<Map<string, ChangePoint[]>> {
  const long = series.filter(({ points }) => points.length >= fewest)
  if (long.length === 0) return new Map()
  const python = await pythonPackage(otava)
  const { stdout } = await execa(python, [join(import.meta.dirname, 'change-points.py')], {
    input: JSON.stringify(long.map(({ points }) => points.map(({ value }) => value))),
  })
  const found = Found.parse(JSON.parse(stdout))
  return new Map(long.map(({ name }, place) => [name, found[place] ?? []]))
}
