import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { userAt } from '../../../fixtures/population.ts'
import { type Stack, startStack } from '../../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../../harness/toolchain/chromium.ts'
import { asAdministrator } from '../../domain/testing/tenants.ts'
import { population, tokenOf } from '../testing/pages.ts'

const password = 'worklane-demo'
const emailOf = (user: number) => userAt(population, user).email

/** A browser without pages: it keeps its cookies and posts to the auth library's own addresses. */
class Client {
  readonly origin: string
  readonly cookies = new Map<string, string>()
  constructor(origin: string) {
    this.origin = origin
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...init.headers, cookie }
    const answer = await fetch(this.origin + path, { ...init, redirect: 'manual', headers })
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      this.cookies.set(name, value)
    }
    return answer
  }

  async post(path: string, fields: Record<string, string>): Promise<Response> {
    const { csrfToken } = (await (await this.fetch('/api/auth/csrf')).json()) as { csrfToken: string }
    return this.fetch(path, { method: 'POST', body: new URLSearchParams({ csrfToken, ...fields }) })
  }
}

describe('the doors to an account', () => {
  let stack: Stack
  let browser: Browser

  beforeAll(async () => {
    // One address signs everybody in here.
    stack = await startStack({ population, env: { RATE_LIMIT_SCALE: '20', RATE_LIMIT_PATIENCE_MS: '10000' } })
    process.env.DATABASE_URL = stack.env.DATABASE_URL
    browser = await launchChromium(await provideHeadless())
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  const signIn = (client: Client, user: number, given: string) =>
    client.post('/api/auth/callback/credentials', { email: emailOf(user), password: given })

  it('take ten wrong passwords at the auth library’s own address, and then only a known device', async () => {
    const owner = new Client(stack.origin)
    expect((await signIn(owner, 1, password)).headers.get('location')).toBe(`${stack.origin}/`)
    const stranger = new Client(stack.origin)
    for (let n = 0; n < 10; n++) {
      const answer = await signIn(stranger, 1, `guess ${n}`)
      expect(answer.headers.get('location')).toContain('error=CredentialsSignin')
    }
    const refused = await signIn(stranger, 1, password)
    expect([refused.status, refused.headers.get('content-type')]).toEqual([429, 'application/problem+json'])
    expect(Math.ceil(Number(refused.headers.get('retry-after')) / 60)).toBe(15)
    expect(await refused.json()).toMatchObject({ detail: expect.stringMatching(/try again in 15 minutes/) })
    expect(stranger.cookies.has('authjs.session-token')).toBe(false)
    expect((await signIn(owner, 1, password)).status).toBe(302)
    // The cookie of one account's device is nothing to another account.
    const other = new Client(stack.origin)
    await signIn(other, 2, password)
    expect((await signIn(other, 1, password)).status).toBe(429)
  })

  it('take them at the page just as well, and say so', { timeout: 60_000 }, async () => {
    const stranger = new Client(stack.origin)
    for (let n = 0; n < 10; n++) await signIn(stranger, 5, `guess ${n}`)
    const page = await (await browser.newContext({ baseURL: stack.origin })).newPage()
    await page.goto('/sign-in')
    await page.fill('#email', emailOf(5))
    await page.fill('#password', password)
    await page.click('button:has-text("Sign in")')
    await expect.poll(() => page.getByRole('alert').first().textContent()).toMatch(/^Too many tries/)
    await page.context().close()
  })

  it(
    'say that signing in does not work for the moment, and of no password that it is wrong, while Postgres is busy',
    {
      timeout: 60_000,
    },
    () =>
      asAdministrator(async (holder) => {
        const page = await (await browser.newContext({ baseURL: stack.origin })).newPage()
        await page.goto('/sign-in')
        await page.fill('#email', emailOf(8))
        await page.fill('#password', password)
        await holder.query('begin; lock table users in access exclusive mode')
        await page.click('button:has-text("Sign in")')
        const alert = page.getByRole('alert').first()
        await expect.poll(() => alert.textContent(), { timeout: 20_000 }).toMatch(/^Too much happens/)
        await holder.query('rollback; begin; lock table sessions in access exclusive mode')
        const answer = await signIn(new Client(stack.origin), 8, password)
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
        await holder.query('rollback')
        // The address stands there still.
        await page.fill('#password', password)
        await page.click('button:has-text("Sign in")')
        await expect.poll(() => page.url(), { timeout: 20_000 }).toBe(`${stack.origin}/dashboard`)
        await page.context().close()
      }),
  )

  it('send five links, and none to what is no one address', async () => {
    const client = new Client(stack.origin)
    const ask = (email: string) => client.post('/api/auth/signin/email', { email })
    const mails = async () =>
      (await (await client.fetch('/dev/mail')).text()).match(/title="Your link to sign in/g)?.length ?? 0
    const before = await mails()
    const statuses: number[] = []
    for (let n = 0; n < 8; n++) statuses.push((await ask(emailOf(4))).status)
    expect(statuses).toEqual([302, 302, 302, 302, 302, 429, 429, 429])
    for (const email of [
      'x@y.example,evil@z.example',
      'a@b.example\r\nBcc: x@y.example',
      '"x"@y.example',
      '',
    ]) {
      expect((await ask(email)).headers.get('location')).toContain('error=CredentialsSignin')
    }
    // The worker sends them one after another: what comes after those has come last.
    await ask(emailOf(5))
    await expect.poll(mails, { timeout: 60_000 }).toBe(before + 6)
  })

  it.each([
    'https://evil.example/x',
    '//evil.example',
    '/\\evil.example',
    '/.//evil.example/x',
    'javascript:alert(1)',
  ])('lead back to us, not to %s', async (callbackUrl) => {
    const client = new Client(stack.origin)
    const fields = { email: emailOf(6), password, callbackUrl }
    const answer = await client.post('/api/auth/callback/credentials', fields)
    expect(answer.headers.get('location')).toBe(`${stack.origin}/dashboard`)
  })

  it('take nobody who is signed in for one who is refused, whatever address they wanted', async () => {
    const callbackUrl = '/sign-in?error=CredentialsSignin&code=tooMany_60'
    const answer = await new Client(stack.origin).post('/api/auth/callback/credentials', {
      ...{ email: emailOf(6), password, callbackUrl },
    })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${stack.origin}${callbackUrl}`])
  })

  it.each(['/.//evil.example/x', '/a/..//evil.example/x', '/%2e//evil.example/x'])(
    'lead a browser that came for %s to its dashboard',
    { timeout: 60_000 },
    async (next) => {
      const page = await (await browser.newContext({ baseURL: stack.origin })).newPage()
      const elsewhere: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(stack.origin)) elsewhere.push(request.url())
      })
      await page.goto(`/sign-in?next=${encodeURIComponent(next)}`)
      await page.fill('#email', emailOf(7))
      await page.fill('#password', password)
      await page.click('button:has-text("Sign in")')
      await expect.poll(() => page.url(), { timeout: 20_000 }).toBe(`${stack.origin}/dashboard`)
      expect(elsewhere).toEqual([])
      await page.context().close()
    },
  )

  it.each([
    '/nope',
    '/dashboard',
    '/healthz',
    '/sign-in',
    '/api/auth/session',
    '/api/auth/callback/credentials',
  ])('leave the connection to the next who asks, after a body to %s that nobody reads', async (path) => {
    const session = `authjs.session-token=${tokenOf(0, stack.sessionSecret)}`
    for (const headers of [{}, { cookie: session }, { 'next-action': 'none' }] as Record<string, string>[]) {
      for (let n = 0; n < 4; n++) {
        const body = 'x'.repeat(1_200_000)
        const refused = await fetch(stack.origin + path, {
          method: 'POST',
          body,
          headers,
          redirect: 'manual',
        })
        await refused.arrayBuffer()
        expect(refused.status, path).not.toBe(502)
        // The edge sends it on the connection that it has just used.
        expect((await fetch(`${stack.origin}/healthz`)).status).toBe(200)
      }
    }
  })

  it.each(['/api/auth/signout', '/api/auth/providers', '/api/auth/error'])(
    'have a policy at %s',
    async (path) => {
      const { headers } = await new Client(stack.origin).fetch(path)
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    },
  )

  it.each([
    ['the first of two', (good: string) => `authjs.session-token=${good}; authjs.session-token=bad`, true],
    [
      'the first, be it bad',
      (good: string) => `authjs.session-token=bad; authjs.session-token=${good}`,
      false,
    ],
    ['none of https', (good: string) => `__Secure-authjs.session-token=${good}`, false],
    ['a quoted one', (good: string) => `authjs.session-token="${good}"`, true],
  ])('take of a browser’s sessions %s, at the API and in a page', async (_, cookies, good) => {
    const headers = { cookie: cookies(tokenOf(0, stack.sessionSecret)) }
    expect((await fetch(`${stack.origin}/v1/me`, { headers })).status).toBe(good ? 200 : 401)
    const page = await fetch(`${stack.origin}/dashboard`, { headers, redirect: 'manual' })
    // A page that streams leads on by its text.
    const leadsOn = page.status === 307 || /url=\/sign-in|NEXT_REDIRECT/.test(await page.text())
    expect(leadsOn).toBe(!good)
  })
})
