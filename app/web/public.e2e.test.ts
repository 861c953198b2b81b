import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PopulationSpec, userAt } from '../../fixtures/population.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { demoPassword } from '../../seed/seed.ts'

const population: PopulationSpec = { seed: 1, organisations: 4, users: 40 }
const pages = ['/', '/pricing', '/docs']
const screenshots = join(import.meta.dirname, '../../screenshots')

describe('the public pages in a browser', () => {
  let stack: Stack
  let browser: Browser
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({ population })
    browser = await launchChromium(await provideHeadless())
    await mkdir(screenshots, { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function newPage(colorScheme: 'light' | 'dark' = 'light', width = 1280): Promise<Page> {
    const viewport = { width, height: 860 }
    const context = await browser.newContext({ colorScheme, viewport, baseURL: stack.origin })
    const opened = await context.newPage()
    opened.on('pageerror', (error) => complaints.push(error.message))
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    return opened
  }

  it.each(pages)('keeps %s at the edge, the same for everybody', async (path) => {
    await (await fetch(stack.origin + path)).text()
    const again = await fetch(stack.origin + path)
    await again.text()
    expect(again.headers.get('x-cache')).toBe('HIT')
    expect(again.headers.get('set-cookie')).toBeNull()
  })

  it.each(['light', 'dark'] as const)('fits wide and narrow in %s', async (colorScheme) => {
    for (const width of [1280, 390]) {
      const page = await newPage(colorScheme, width)
      for (const path of [...pages, '/status']) {
        await page.goto(path, { waitUntil: 'networkidle' })
        const name = path === '/' ? 'landing' : path.slice(1)
        await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}-${width}.png`) })
        const overflow = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        expect(overflow, `${path} at ${width} pixels`).toBe(0)
      }
      await page.context().close()
    }
  })

  it('shows the address that a link to sign in is for, and no other words of its author', async () => {
    const page = await newPage()
    const open = (email: string) => page.goto(`/sign-in?${new URLSearchParams({ token: '4f9d1c', email })}`)
    await open('ada@example.com')
    await page.getByText('You sign in as ada@example.com').waitFor()
    await open('support: call 555 0100')
    await page.getByRole('alert').filter({ hasText: 'That link has expired' }).waitFor()
    expect(await page.getByText('555 0100').count()).toBe(0)
    const again = await fetch(page.url())
    await again.text()
    expect(again.headers.get('x-cache')).toBe('BYPASS')
    await page.context().close()
  })

  it('sends scripts by Brotli, to be compiled beside the page', async () => {
    const html = await (await fetch(`${stack.origin}/pricing`)).text()
    const scripts = html.match(/\/_next\/static\/[\w./~-]+\.js/g) ?? []
    expect(scripts.length).toBeGreaterThan(5)
    for (const script of scripts) {
      const response = await fetch(stack.origin + script, { headers: { 'accept-encoding': 'br' } })
      expect(response.headers.get('content-encoding')).toBe('br')
      expect(await response.text()).toMatch(/^\/\/# allFunctionsCalledOnLoad\n/)
    }
  })

  it('shows a part of a page when it comes, not 300 ms after the first paint', async () => {
    const html = await (await fetch(`${stack.origin}/status`)).text()
    // What React asks, and what our first script answers; should React ask otherwise, this is where one reads it.
    expect(html).toContain('"number"!==typeof $RT')
    expect(html).toContain('$RT+300-')
    const page = await newPage()
    await page.goto('/status', { waitUntil: 'networkidle' })
    expect(await page.evaluate('$RT + 300')).toBe(0)
    await page.context().close()
  })

  it('documents every operation of the OpenAPI document', async () => {
    const answer = await fetch(`${stack.origin}/openapi.json`)
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> }
    const operations = Object.values(paths).flatMap(Object.keys).length
    const page = await newPage()
    await page.goto('/docs')
    expect(await page.getByRole('article').count()).toBe(operations)
    expect(operations).toBeGreaterThan(50)
    await page.context().close()
  })

  it('leads who is signed in from the landing page to the dashboard', async () => {
    const page = await newPage()
    await page.goto('/')
    expect(new URL(page.url()).pathname).toBe('/')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByLabel('E-mail', { exact: true }).fill(userAt(population, 0).email)
    await page.getByLabel('Password').fill(demoPassword)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/dashboard')
    await page.goto('/')
    expect(new URL(page.url()).pathname).toBe('/dashboard')
    await page.context().close()
  })

  it('lets a page load nothing from another site', async () => {
    const context = await browser.newContext({ baseURL: stack.origin })
    const page = await context.newPage()
    await page.goto('/')
    const refused = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective))
      const picture = new Image()
      picture.onload = picture.onerror = () => setTimeout(() => resolve('nothing'), 500)
      picture.src = 'http://elsewhere.invalid/picture.png'
    })`)
    expect(refused).toBe('img-src')
    await context.close()
  })

  it('made no browser complain', () => expect(complaints).toEqual([]))
})
