import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { openCommands, visit } from './testing/pages.ts'

const password = 'a password of ada'

describe('two people and their organisation', () => {
  let stack: Stack
  let browser: Browser
  let ada: Page
  let bob: Page
  const complaints: string[] = []

  beforeAll(async () => {
    // Small limits, so that a person can meet one; still far above what this walk needs.
    const parts = partNames.filter((part) => part !== 'prometheus')
    stack = await startStack({
      population: null,
      parts,
      env: { RATE_LIMIT_SCALE: '0.5', RATE_LIMIT_PATIENCE_MS: '10000' },
    })
    browser = await launchChromium(await provideHeadless())
    ada = await newPage()
    bob = await newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({
      baseURL: stack.origin,
      viewport: { width: 1280, height: 860 },
    })
    const page = await context.newPage()
    page.on('pageerror', ({ message }) => {
      // React says so of a part that the server refused to render: one of the tests wants that.
      if (!message.includes('React error #419')) complaints.push(message)
    })
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) complaints.push(message.text())
    })
    return page
  }

  const signedIn = async (context: BrowserContext): Promise<string> => {
    const cookie = (await context.cookies()).find(({ name }) => name.endsWith('session-token'))
    return `${cookie?.name}=${cookie?.value}`
  }
  /** What the web process itself counts, as Prometheus would read it. */
  const webMetrics = async () => (await fetch(`${stack.addresses.web}/metrics`)).text()
  const me = async (context: BrowserContext) =>
    (await fetch(`${stack.origin}/v1/me`, { headers: { cookie: await signedIn(context) } })).status

  it('sign up, and start a first project', async () => {
    await visit(ada, '/sign-up')
    await ada.getByLabel('Your name').fill('Ada Lovelace')
    await ada.getByLabel('E-mail').fill('ada@example.test')
    await ada.getByLabel('Password').fill('short')
    await ada.getByLabel('Organisation').fill('Analytical Engines')
    // The browser's own check stands aside, so that the server's is heard.
    await ada.locator('form').evaluate((form: unknown) => {
      const { setAttribute } = form as { setAttribute(name: string, value: string): void }
      setAttribute.call(form, 'novalidate', '')
    })
    await ada.getByRole('button', { name: 'Create account' }).click()
    await ada.getByText('must have at least 10 characters').waitFor()
    expect(await ada.getByLabel('Your name').inputValue()).toBe('Ada Lovelace')
    await ada.getByLabel('Password').fill(password)
    await ada.getByRole('button', { name: 'Create account' }).click()
    await ada.waitForURL('**/onboarding')
    await ada.getByLabel('Project').fill('Difference Engine')
    expect(await ada.getByLabel('Key').inputValue()).toBe('DIF')
    await ada.getByRole('button', { name: 'Start' }).click()
    await ada.waitForURL('**/projects/*')
    await ada.getByRole('region', { name: 'To do' }).getByRole('listitem').nth(2).waitFor()
  })

  it('let nobody in before their own address is confirmed, which takes nothing from them', async () => {
    await visit(ada, '/settings/members')
    await ada.getByRole('heading', { name: 'Confirm your e-mail address' }).waitFor()
    expect(await ada.getByRole('button', { name: 'Send invitation' }).count()).toBe(0)
    const refused = await fetch(`${stack.origin}/v1/invitations`, {
      ...{ method: 'POST', body: '{"email":"eve@example.test","role":"admin"}' },
      headers: { cookie: await signedIn(ada.context()) },
    })
    expect(refused.status).toBe(403)
    await visit(ada, '/settings/api-keys')
    await ada.getByRole('button', { name: 'Send the link again' }).click()
    await ada.getByRole('status').waitFor()
    // The one that was mailed at the sign-up is good as well.
    const mails = ada.getByRole('listitem').filter({ hasText: 'Confirm your e-mail address' })
    await expect
      .poll(async () => ada.goto('/dev/mail').then(() => mails.count()), { timeout: 30_000 })
      .toBe(2)
    await mails.last().getByRole('link', { name: 'Open the link' }).click()
    await ada.getByRole('button', { name: 'Sign in to Worklane' }).click()
    await ada.waitForURL('**/dashboard')
    await ada.getByText('Analytical Engines').first().waitFor()
  })

  it('invite a second person by mail, who joins', async () => {
    await visit(ada, '/settings/members')
    await ada.getByLabel('E-mail').fill('bob@example.test')
    await ada.getByRole('button', { name: 'Send invitation' }).click()
    await ada.getByText('on its way to bob@example.test').waitFor()
    // The mail goes through the outbox and the worker.
    await expect
      .poll(
        async () => {
          await bob.goto('/dev/mail')
          return bob.getByText('Ada Lovelace invites you to work in Analytical Engines').count()
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    const invitation = bob.getByRole('listitem').filter({ hasText: 'Ada Lovelace invites you' })
    await invitation.getByRole('link', { name: 'Open the link' }).click()
    await bob.getByText('Ada Lovelace invites you').waitFor()
    await bob.getByRole('link', { name: 'Create an account' }).click()
    await bob.getByLabel('Your name').fill('Bob Babbage')
    await bob.getByLabel('Password').fill('a password of bob')
    await bob.getByRole('button', { name: 'Create account' }).click()
    await bob.waitForURL('**/dashboard')
    await bob.getByText('Analytical Engines').first().waitFor()
  })

  it('work on one board, and see each other’s change at once', async () => {
    const path = new URL(await boardOf(ada)).pathname
    // A stream that is refused once is asked for again.
    await bob.route('**/events', (route) => route.fulfill({ status: 503 }), { times: 1 })
    await visit(bob, path)
    await visit(ada, path)
    for (const page of [ada, bob]) await page.getByText('Live', { exact: true }).waitFor()
    const first = ada.getByRole('region', { name: 'To do' }).getByRole('listitem').first()
    const title = (await first.getByRole('link').textContent()) ?? ''
    await first.getByRole('button', { name: /to Doing$/ }).click()
    // Nobody reloads.
    await bob.getByRole('region', { name: 'Doing' }).getByRole('link', { name: title }).waitFor()
    const card = bob.getByRole('region', { name: 'Doing' }).getByRole('listitem').filter({ hasText: title })
    await card.dragTo(bob.getByRole('region', { name: 'Done' }))
    await ada.getByRole('region', { name: 'Done' }).getByRole('link', { name: title }).waitFor()
  })

  async function boardOf(page: Page): Promise<string> {
    await visit(page, '/dashboard')
    await page
      .getByRole('link', { name: /Difference Engine/ })
      .first()
      .click()
    await page.waitForURL('**/projects/*')
    return page.url()
  }

  it('comment, mention each other, and hear of it', async () => {
    await boardOf(bob)
    await bob.getByRole('link', { name: 'Invite somebody you work with' }).click()
    await bob.waitForURL('**/tasks/*')
    const comment = bob.getByLabel('Write a comment')
    await comment.pressSequentially('The brass gears are here, @Ada')
    await bob.getByRole('option', { name: 'Ada Lovelace' }).click()
    await bob.getByRole('button', { name: 'Comment', exact: true }).click()
    await bob.getByText('The brass gears are here').first().waitFor()
    await expect
      .poll(
        async () => {
          await visit(ada, '/notifications')
          return ada.getByText('mentioned you in').count()
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    await ada.getByRole('button', { name: 'Mark all as read' }).click()
    await expect.poll(() => ada.getByRole('button', { name: 'Mark all as read' }).count()).toBe(0)
  })

  it('search, by the page and by the command menu', async () => {
    await visit(ada, '/search')
    await ada.getByLabel('Search tasks and comments').fill('brass gear')
    await ada.getByRole('main').getByRole('button', { name: 'Search' }).click()
    await ada.getByRole('main').getByText('Comment', { exact: true }).waitFor()
    await openCommands(ada)
    await ada.getByRole('combobox').fill('invite')
    await ada.getByRole('option', { name: /Invite somebody/ }).click()
    await ada.waitForURL('**/tasks/*')
  })

  it('revoke a session, and see it die at once', async () => {
    const elsewhere = await newPage()
    await visit(elsewhere, '/sign-in')
    await elsewhere.getByLabel('E-mail', { exact: true }).fill('ada@example.test')
    await elsewhere.getByLabel('Password').fill(password)
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click()
    await elsewhere.waitForURL('**/dashboard')
    expect(await me(elsewhere.context())).toBe(200)
    await visit(ada, '/settings/security')
    await ada.getByRole('button', { name: /^Sign out Chrome/ }).click()
    await expect.poll(() => me(elsewhere.context())).toBe(401)
    expect(await me(ada.context())).toBe(200)
    await visit(elsewhere, '/dashboard')
    await elsewhere.waitForURL('**/sign-in')
    await elsewhere.context().close()
  })

  let key = ''

  it('make an API key that is shown once, and use it', async () => {
    await visit(ada, '/settings/api-keys')
    await ada.getByLabel('Name').fill('Importer')
    await ada.getByRole('button', { name: 'New key' }).click()
    key = (await ada.locator('[data-secret]').textContent()) ?? ''
    expect(key).toMatch(/^wl_/)
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(stack.origin + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } })
    expect(await (await ask('/v1/me')).json()).toMatchObject({ user: { email: 'ada@example.test' } })
    // It reads everything, and writes nothing.
    const refused = await ask('/v1/projects', { method: 'POST', body: '{"key":"NEW","name":"New"}' })
    expect(refused.status).toBe(403)
    await visit(ada, ada.url())
    expect(await ada.locator('[data-secret]').count()).toBe(0)
    await ada.getByText(/^Importer wl_/).waitFor()
  })

  it('hit a rate limit with it, and are told when to come back', async () => {
    const statuses = new Map<number, Response>()
    for (let turn = 0; turn < 800 && !statuses.has(429); turn++) {
      const response = await fetch(`${stack.origin}/v1/me`, { headers: { authorization: `Bearer ${key}` } })
      statuses.set(response.status, response)
    }
    const refused = statuses.get(429)
    expect(refused?.headers.get('ratelimit-remaining')).toBe('0')
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await refused?.json()).toMatchObject({ status: 429, title: 'Too many requests' })
  })

  it('are told on a page, too, that it was too much', async () => {
    const headers = { cookie: await signedIn(bob.context()) }
    // A report costs more than another read; thirty a minute are the limit here.
    for (let turn = 0; turn < 31; turn++) await (await fetch(`${stack.origin}/v1/report`, { headers })).text()
    await visit(bob, '/reports')
    await bob.getByRole('heading', { name: 'Too many requests' }).waitFor()
    await bob.getByText(/try again in \d+ seconds/).waitFor()
    // Its status was 200: what tells a load test that nobody was served is the process's own count.
    expect(await webMetrics()).toMatch(/^page_failures_total\{[^}]*kind="tooMany"[^}]*\} [1-9]/m)
    // Another page is not more than he may.
    await bob.getByRole('link', { name: 'Tasks', exact: true }).click()
    await bob.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor()
  })

  it('delete the organisation, with everything in it', async () => {
    await visit(ada, '/settings/organisation')
    await ada.getByRole('button', { name: 'Delete organisation' }).click()
    const dialog = ada.getByRole('dialog')
    const slug = /Type (\S+) to confirm/.exec((await dialog.textContent()) ?? '')?.[1] ?? ''
    await dialog.getByLabel(/to confirm/).fill('something else')
    await dialog.getByRole('button', { name: 'Delete organisation' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel(/to confirm/).fill(slug)
    await dialog.getByRole('button', { name: 'Delete organisation' }).click()
    // Ada has no other: the way is to a new one.
    await ada.waitForURL('**/onboarding')
    expect(await me(bob.context())).toBe(401)
    expect(
      (await fetch(`${stack.origin}/v1/me`, { headers: { authorization: `Bearer ${key}` } })).status,
    ).toBe(401)
  })

  it('met no error on the way', () => {
    expect(complaints).toEqual([])
  })
})
