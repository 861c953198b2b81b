import { lighthouse } from '@headroom/perf-budgets/slo.ts'
import { pageFunctions } from 'lighthouse/core/lib/page-functions.js'
import { launchChromium } from '../toolchain/chromium.ts'

/** The phone that is imitated on this machine. */
export type Phone = {
  /** Of this machine, by Lighthouse's own benchmark, now. */
  benchmarkIndex: number
  /** How many times slower than this machine the phone is. */
  cpuSlowdown: number
}

const looks = 5

/**
 * Lighthouse imitates a phone by slowing this machine down four times, so a slow machine has a slow phone, and a fast
 * one passes what no customer has. Here the phone is always the same, and what is four elsewhere comes from how fast
 * the machine is at the moment (docs/decisions/022). Takes 6 s.
 *
 * @param executable Chromium
 */
export async function phoneOn(executable: string): Promise<Phone> {
  const browser = await launchChromium(executable)
  try {
    const page = await browser.newPage()
    const found: number[] = []
    for (let look = 0; look < looks; look++)
      found.push(await page.evaluate<number>(`(${pageFunctions.computeBenchmarkIndex})()`))
    return phoneFor(found.toSorted((a, b) => a - b)[Math.floor(looks / 2)] ?? 0)
  } finally {
    await browser.close()
  }
}

/** Two digits of a factor are more than its benchmark is good for. */
export const phoneFor = (benchmarkIndex: number): Phone => ({
  benchmarkIndex,
  cpuSlowdown: Math.round((benchmarkIndex / lighthouse.phoneBenchmarkIndex) * 10) / 10,
})
