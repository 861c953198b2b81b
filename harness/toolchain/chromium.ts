import { chromiumArguments } from '@headroom/perf-budgets/lighthouserc.ts'
import { type Browser, chromium } from 'playwright-core'
import { UsageError } from '../plan/usage.ts'
import { provide } from './provide.ts'
import { tools } from './tools.ts'

/**
 * Chromium without a window.
 * @param executablePath as `provideHeadless` tells it
 */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: chromiumArguments })

/**
 * The browser for Lighthouse and for tests: Chromium's headless shell, which has no window and no profile to look
 * after. On two cores a page waits a third less for the browser around it (docs/decisions/024). Where there is none,
 * Chromium.
 * @returns the program's path
 */
export async function provideHeadless(say: (line: string) => void = () => {}): Promise<string> {
  try {
    return (await provide(['headless-shell'], say))['headless-shell'].path
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    say(`headless-shell: none here; taken is ${tools['headless-shell'].instead}`)
    return (await provide(['chromium'], say)).chromium.path
  }
}
