import { pageFunctions } from 'lighthouse/core/lib/page-functions.js'
import { median } from 'simple-statistics'
import { launchChromium } from '../toolchain/chromium.ts'
import { type Phone, phoneFor } from './phone.ts'

const benchmarkSamples = 5

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
    for (let sample = 0; sample < benchmarkSamples; sample++)
      found.push(await page.evaluate<number>(`(${pageFunctions.computeBenchmarkIndex})()`))
    return phoneFor(median(found))
  } finally {
    await browser.close()
  }
}
