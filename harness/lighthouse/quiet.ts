import { mkdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { UsageError } from '../plan/usage.ts'

/**
 * Holds the right to measure on this checkout: two that measure at once measure each other.
 * @param file stands for the right; it need not exist
 * @returns how to give it back
 * @throws UsageError when another holds it
 */
export async function measureAlone(file: string): Promise<() => Promise<void>> {
  await mkdir(dirname(file), { recursive: true })
  try {
    return await lockfile.lock(file, { realpath: false, stale: 15_000 })
  } catch (error) {
    if ((error as { code?: string }).code !== 'ELOCKED') throw error
    throw new UsageError('another measurement runs in this checkout', 'wait until it has ended')
  }
}

/** The share of all cores that is busy over the next moments, between 0 and 1. */
export async function busyShare(milliseconds: number): Promise<number> {
  const before = ticks()
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  const after = ticks()
  return 1 - (after.idle - before.idle) / Math.max(1, after.all - before.all)
}

function ticks(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)
  return { idle: sum(times.map(({ idle }) => idle)), all: sum(times.flatMap((time) => Object.values(time))) }
}
