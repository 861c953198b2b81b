import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { addressOf, forStrangers, ownersToken, pagesOfTheApp, population } from './testing/pages.ts'

/** More pages in a minute than a person opens. */
const manyPages = { RATE_LIMIT_SCALE: '20' }

describe('every page', async () => {
  const pages = await pagesOfTheApp()
  let stack: Stack
  let browser: Browser
  const complaints: string[] = []

  beforeAll(async () => {
    const tools = await provide(['chromium'])
    stack = await startStack({ population, env: manyPages })
    browser = await chromium.launch({
      executablePath: tools.chromium.path,
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function open(page: string, colorScheme: 'light' | 'dark', width: number): Promise<Page> {
    const context = await browser.newContext({
      baseURL: stack.origin,
      colorScheme,
      viewport: { width, height: 860 },
    })
    if (!forStrangers.has(page)) {
      const value = ownersToken(stack.sessionSecret)
      await context.addCookies([{ name: 'authjs.session-token', value, url: stack.origin }])
    }
    const opened = await context.newPage()
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${page}: ${message.text()}`)
    })
    await opened.goto(addressOf(page), { waitUntil: 'load' })
    // What streams in late is part of the page.
    await expect.poll(() => opened.locator('.animate-pulse').count(), { timeout: 10_000 }).toBe(0)
    return opened
  }

  /** Serious and critical violations, a line each, with where they are. */
  async function violations(page: Page): Promise<string[]> {
    const found = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
      .analyze()
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, help, nodes }) =>
        nodes.slice(0, 3).map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`),
      )
  }

  it.each(pages.filter((page) => page !== '/dev/mail'))(
    '%s has no serious violation of WCAG AA',
    async (page) => {
      for (const [scheme, width] of [
        ['light', 1280],
        ['dark', 390],
      ] as const) {
        const opened = await open(page, scheme, width)
        expect([scheme, width, ...(await violations(opened))]).toEqual([scheme, width])
        await opened.context().close()
      }
    },
  )

  it('would be found out with an image that says nothing, or a text that one cannot read', async () => {
    const page = await open('/pricing', 'light', 1280)
    // React, as it wakes up, takes away what is not its own: once more, then.
    const ids = async () => {
      await page.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend',
        '<img src="/icon.svg"><p class="faint">Too faint to read</p>');
        document.querySelector('.faint').style.color = '#ddd'`)
      return (await violations(page)).map((line) => line.split(':')[0])
    }
    await expect
      .poll(ids, { timeout: 15_000 })
      .toEqual(expect.arrayContaining(['image-alt', 'color-contrast']))
    await page.context().close()
  })

  it('made no browser complain', () => expect(complaints).toEqual([]))
})
