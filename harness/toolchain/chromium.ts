import { type Browser, chromium } from 'playwright-core'

/**
 * Chromium without a window. Without these flags it dies in a container, or spends the page's time on its own affairs.
 * @param executablePath as `provide(['chromium'])` tells it
 */
export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
