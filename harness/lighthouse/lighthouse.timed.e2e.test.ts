import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lighthouserc } from '@headroom/perf-budgets/lighthouserc.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Guard, startGuard } from '../stack/guard.ts'
import { steady } from '../test/steady.ts'
import { provideHeadless } from '../toolchain/chromium.ts'
import { phoneOn } from './benchmark.ts'
import { type LighthouseResult, lighthouse } from './lighthouse.ts'
import type { AuditedPath } from './pages.ts'
import type { Phone } from './phone.ts'

const token = 'the-right-token'
const marker = 'cnr-0123456789'

/** Larger than all scripts of a page may be, and does nothing. */
const largeScript = `/*${'x'.repeat(160_000)}*/`

/**
 * Most of what is seen moves down by a third of a phone's height, after the first frame and well before Lighthouse,
 * which waits a second after the load, looks away.
 */
const brokenPage = `<p style="height: 400px; background: silver">Moves</p><script src="/large.js"></script><script>
  console.error('broken on purpose')
  const moveDown = () => {
    const block = document.createElement('div')
    block.style.height = '300px'
    document.body.prepend(block)
  }
  addEventListener('load', () => requestAnimationFrame(() => setTimeout(moveDown, 300)))
</script>`

/** As small as a page can be, behind a session as Worklane's are; /slow lets one wait, /broken breaks other promises. */
const server = createServer((request, response) => {
  const html = (heading: string, more = '') => {
    response.setHeader('content-type', 'text/html')
    response.end(`<!doctype html><html lang="en"><title>x</title><meta name="viewport" content="width=device-width">
      <link rel="icon" href="data:,"><h1>${heading}</h1>${more}<script>document.title = 'Worklane'</script></html>`)
  }
  if (request.url === '/large.js') {
    return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(largeScript)
  }
  if (request.url?.startsWith('/sign-in')) return html('Sign in <input type="email">')
  if (request.headers.cookie !== `authjs.session-token=${token}`) {
    return void response.writeHead(307, { location: '/sign-in' }).end()
  }
  if (request.url === '/broken') return html(marker, brokenPage)
  setTimeout(() => html(marker), request.url === '/slow' ? 1_200 : 0)
})

const signIn: AuditedPath = { name: '/sign-in', path: '/sign-in', marker: 'type="email"', session: 'nobody' }
const dashboard: AuditedPath = { name: '/dashboard', path: '/dashboard', marker, session: 'user' }

describe('an audit by Lighthouse', () => {
  let guard: Guard
  let chromium: string
  let results: string
  let phone: Phone

  beforeAll(async () => {
    guard = startGuard()
    chromium = await provideHeadless()
    phone = await phoneOn(chromium)
    results = await mkdtemp(join(tmpdir(), 'headroom-lighthouse-test-'))
    await listening(server)
  })
  afterAll(async () => {
    server.close()
    guard.end()
    await rm(results, { recursive: true, force: true })
  })

  const run = (name: string, pages: AuditedPath[], sessionToken = token): Promise<LighthouseResult> =>
    lighthouse({
      id: name,
      guard,
      chromium,
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      pages,
      sessionToken,
      rc: lighthouserc(),
      runs: 1,
      formFactors: ['mobile'],
      phone,
      directory: join(results, name),
      say: () => {},
    })

  it('passes a page that keeps every promise, signed in, and reports it without the session', async () => {
    await steady({
      measure: () => run('good', [signIn, dashboard]),
      expectations: ({ verdict, forms }) => {
        expect(pagesOf(forms).flatMap((page) => page.reasons)).toEqual([])
        expect(verdict).toBe('pass')
      },
      honest: saysThatOthersDisturbed,
    })
    const { forms } = JSON.parse(
      await readFile(join(results, 'good/result.json'), 'utf8'),
    ) as LighthouseResult
    expect(pagesOf(forms).map((page) => page.name)).toEqual(['/sign-in', '/dashboard'])
    expect(Object.keys(pagesOf(forms)[1]?.measures ?? {})).toContain('resource-summary:script:size')
    const index = await readFile(join(results, 'good/index.html'), 'utf8')
    expect(await readFile(join(results, 'good/summary.md'), 'utf8')).toMatch(
      /\| \/dashboard \| \*{0,2}\d+\*{0,2} \|/,
    )
    expect(await readFile(join(results, 'good/junit.xml'), 'utf8')).toContain('failures="0"')
    const files = await readdir(join(results, 'good/mobile/user'))
    const report = files.find((file) => file.endsWith('.html')) ?? 'none'
    expect(index).toContain(`mobile/user/${report}`)
    for (const file of files) {
      expect(await readFile(join(results, 'good/mobile/user', file), 'utf8'), file).not.toContain(token)
    }
  })

  it('is invalid, not green, when the session is refused and the sign-in page was audited', async () => {
    const { verdict, forms } = await run('refused', [dashboard], 'another-token')
    expect(verdict).toBe('invalid')
    expect(pagesOf(forms)[0]?.reasons).toContain('/dashboard led to /sign-in')
  })

  it('is invalid when the page belongs to another tenant', async () => {
    const { verdict, forms } = await run('foreign', [{ ...dashboard, marker: 'cnr-other' }])
    expect(verdict).toBe('invalid')
    expect(pagesOf(forms)[0]?.reasons).toContain('/dashboard does not hold "cnr-other"')
  })

  it('fails a page whose server is slow, although its score is high, and one that breaks other promises', async () => {
    const measuresOf = ({ forms }: LighthouseResult) => {
      const [slow, broken] = pagesOf(forms)
      expect(slow?.measures['server-response-time']).toMatchObject({ limit: 800, passed: false })
      expect(broken?.measures).toMatchObject({
        'cumulative-layout-shift': { limit: 0.1, passed: false },
        'errors-in-console': { limit: 1, passed: false },
        'resource-summary:script:size': { limit: 150_000, passed: false },
      })
    }
    await steady({
      measure: () =>
        run('failing', [
          { ...dashboard, path: '/slow' },
          { ...dashboard, name: '/broken', path: '/broken' },
        ]),
      expectations: (result) => {
        expect(pagesOf(result.forms).flatMap((page) => page.reasons)).toEqual([])
        expect(result.verdict).toBe('fail')
        measuresOf(result)
      },
      honest: (result) => {
        expect(result.verdict).not.toBe('pass')
        expect(pagesOf(result.forms)[1]?.verdict).toBe('fail')
        measuresOf(result)
      },
    })
    const summary = await readFile(join(results, 'failing/summary.md'), 'utf8')
    expect(summary).toContain('- /broken: errors-in-console is 0, expected 1')
  })
})

/** What was late is not called so of the page, and what was not is not called invalid. */
function saysThatOthersDisturbed({ verdict, forms, notes }: LighthouseResult): void {
  expect(verdict).toBe('invalid')
  expect(notes.join()).toMatch(/^other (processes|machines)/)
  expect(pagesOf(forms).map((page) => page.verdict)).not.toContain('fail')
}

const pagesOf = (forms: LighthouseResult['forms']) => forms.flatMap(({ pages }) => pages)

const listening = (server: Server) =>
  new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
