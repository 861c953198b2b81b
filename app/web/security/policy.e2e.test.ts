import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../../harness/toolchain/chromium.ts'
import {
  addressOf,
  forStrangers,
  makeOperator,
  pagesOfTheApp,
  population,
  tokenOf,
} from '../testing/pages.ts'
import { hashesOf } from './inline-scripts.ts'

describe('the content security policy', async () => {
  const pages = await pagesOfTheApp()
  let stack: Stack
  let browser: Browser

  beforeAll(async () => {
    stack = await startStack({ population, env: { RATE_LIMIT_SCALE: '20' } })
    await makeOperator(stack, 0)
    browser = await launchChromium(await provideHeadless())
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function ask(page: string) {
    const cookie = `authjs.session-token=${tokenOf(0, stack.sessionSecret)}`
    const headers = forStrangers.has(page) ? {} : { cookie }
    const response = await fetch(stack.origin + addressOf(page), { headers })
    const policy = response.headers.get('content-security-policy') ?? ''
    const [, nonce] = /'nonce-([^']+)'/.exec(policy) ?? []
    return { html: await response.text(), policy, nonce }
  }

  it.each(pages)('lets every script of %s run, by its hash or by its nonce, and no other', async (page) => {
    const { html, policy, nonce } = await ask(page)
    expect(policy).toMatch(/script-src 'self' '/)
    expect(policy).not.toContain('unsafe')
    const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)([^>]*)>[\s\S]*?<\/script>/g)]
    expect(inline.length).toBeGreaterThan(0)
    for (const [script, attributes = ''] of inline) {
      const [hash = ''] = hashesOf(script)
      const known = policy.includes(hash) || (nonce !== undefined && attributes.includes(`nonce="${nonce}"`))
      expect(known, script.slice(0, 200)).toBe(true)
    }
    // These would be refused, and nobody would see why.
    expect(html).not.toMatch(/<[^>]+\sstyle="|<style|<[a-z][^>]*\son[a-z]+="/)
  })

  it('has a nonce of its own for each request, and none where the edge keeps the page', async () => {
    const [first, second] = [await ask('/dashboard'), await ask('/dashboard')]
    expect(first.nonce).toMatch(/^[\w+/]{22}==$/)
    expect(second.nonce).not.toBe(first.nonce)
    expect((await ask('/pricing')).nonce).toBeUndefined()
  })

  /** Opens the page with a text of a stranger in it, as if the server had written it there. */
  async function openWith(path: string, injected: string): Promise<Page> {
    const page = await (await browser.newContext({ baseURL: stack.origin })).newPage()
    await page.addInitScript(
      "addEventListener('securitypolicyviolation', (event) => { (window.refused ??= []).push(event.effectiveDirective) })",
    )
    await page.route(`**${path}`, async (route) => {
      const response = await route.fetch()
      const body = (await response.text()).replace('</body>', `${injected}</body>`)
      await route.fulfill({ response, body })
    })
    await page.goto(path)
    return page
  }

  it.each([
    ['a script', '<script>window.stolen = 1</script>', 'script-src-elem'],
    ['a handler', '<img src="/none" onerror="window.stolen = 1">', 'script-src-attr'],
    ['a script from elsewhere', '<script src="http://elsewhere.invalid/a.js"></script>', 'script-src-elem'],
    ['a style', '<style>body { display: none }</style>', 'style-src-elem'],
  ])('refuses %s that somebody brought into the page', async (_, injected, directive) => {
    const page = await openWith('/sign-in', injected)
    await expect.poll(() => page.evaluate('window.refused ?? []')).toContain(directive)
    expect(await page.evaluate('window.stolen')).toBeUndefined()
    // Our own went on: the theme is set, and the form answers.
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light')
    await page.context().close()
  })
})
