import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import AxeBuilder from '@axe-core/playwright'
import { letterOf } from '@worklane/domain/mail/mail.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, provideHeadless } from '../../../harness/toolchain/chromium.ts'
import { renderLetter } from './render.ts'
import { sampleMails } from './testing/samples.ts'

const screenshots = join(import.meta.dirname, '../../../screenshots')
const looks = [
  ['light', 600],
  ['dark', 600],
  ['light', 320],
  ['dark', 320],
] as const

/** What somebody could not read, or would have to scroll for. */
async function faultsOf(page: Page): Promise<string[]> {
  const isTooWide = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth')
  const cut = await page.evaluate(`[...document.querySelectorAll('p, h1, a, td')]
    .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1)
    .map((each) => each.textContent.slice(0, 60))`)
  const { violations } = await new AxeBuilder({ page })
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    .setLegacyMode()
    .analyze()
  return [
    ...(isTooWide ? ['it is wider than its window'] : []),
    ...(cut as string[]).map((text) => `it is cut: ${text}`),
    ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`),
  ]
}

describe('a mail, as programs show it', () => {
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    browser = await launchChromium(await provideHeadless())
    page = await browser.newPage()
    await mkdir(screenshots, { recursive: true })
  })
  afterAll(() => browser?.close())

  async function show(html: string, [colorScheme, width]: (typeof looks)[number]): Promise<void> {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 800 })
    await page.setContent(html)
  }

  it.each(sampleMails)('can be read on a desk and on a phone, by day and by night: $name', async (sample) => {
    const { html } = await renderLetter(letterOf(sample.payload).letter)
    const asked: string[] = []
    const note = (request: { url(): string }) => asked.push(request.url())
    page.on('request', note)
    for (const look of looks) {
      await show(html, look)
      expect([look, await faultsOf(page)]).toEqual([look, []])
      const file = `mail-${sample.name.replaceAll(/\W+/g, '-')}-${look.join('-')}.png`
      await page.screenshot({ path: join(screenshots, file), fullPage: true })
    }
    page.off('request', note)
    expect(asked).toEqual([])
  })

  it('is found out where it is too wide, or too pale', async () => {
    const { html } = await renderLetter(letterOf(sampleMails[0]?.payload).letter)
    await show(
      html.replace('</body>', `<p style="white-space:nowrap">${'wide '.repeat(80)}</p></body>`),
      looks[2],
    )
    expect(await faultsOf(page)).toContain('it is wider than its window')
    await show(html.replaceAll('#1b1e28', '#c8cad0'), looks[0])
    expect((await faultsOf(page)).join('\n')).toMatch(/^color-contrast: /m)
    // Without its style sheet its words are dark on dark, wherever a program darkens the page.
    await show(html.replace('.ink { color: #eceef4 !important; }', ''), looks[1])
    expect((await faultsOf(page)).join('\n')).toMatch(/^color-contrast: /m)
  })
})
