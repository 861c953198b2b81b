import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  organisationAt,
  type PopulationSpec,
  projectIdAt,
  taskIdAt,
  userAt,
} from '../../fixtures/population.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { demoPassword } from '../../seed/seed.ts'
import { newToken, tokenHash } from '../domain/sessions/token.ts'
import { asAdministrator } from '../domain/testing/tenants.ts'
import { openPage, visit, wear } from './testing/pages.ts'

const population: PopulationSpec = { seed: 1, organisations: 8, users: 120 }
const owner = userAt(population, 0)
/** More pages in a minute than a person opens. */
const manyPages = { RATE_LIMIT_SCALE: '20' }
const project = projectIdAt(population, owner.organisation, 0)
const task = taskIdAt(population, owner.organisation, 0, 0)
/** Ignored by git; there to be looked at. */
const screenshots = join(import.meta.dirname, '../../screenshots')

/** Size and weight of every text: around the content, which is there at once, and in it. */
const textStyles = `(() => {
  const styles = { asked: new Set(), shown: new Set() }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue
    const { fontSize, fontWeight } = getComputedStyle(element)
    styles[element.closest('main') ? 'shown' : 'asked'].add(fontSize + ' ' + fontWeight)
  }
  return { asked: [...styles.asked], shown: [...styles.shown] }
})()`

/** A task of another organisation, and one of none. */
const notThere = [
  taskIdAt(population, owner.organisation + 1, 0, 0),
  '00000000-0000-8000-8000-000000000000',
].map((id) => `/tasks/${id}`)

describe('Worklane in a browser', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({ population, env: manyPages })
    process.env.DATABASE_URL = stack.env.DATABASE_URL
    browser = await launchChromium(await provideHeadless())
    page = await newPage()
    await mkdir(screenshots, { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  async function newPage(): Promise<Page> {
    const opened = await openPage(browser, stack, complaints, null)
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(`${new URL(opened.url()).pathname}: ${message.text()}`)
    })
    return opened
  }

  async function signIn(on: Page, email: string, password = demoPassword): Promise<void> {
    await on.getByLabel('E-mail', { exact: true }).fill(email)
    await on.getByLabel('Password').fill(password)
    await on.getByRole('button', { name: 'Sign in' }).click()
  }

  it('sends who is not signed in to the sign-in page, and back to where they wanted to go', async () => {
    await visit(page, `/projects/${project}`)
    expect(new URL(page.url()).pathname).toBe('/sign-in')
    await signIn(page, owner.email)
    await page.waitForURL(`**/projects/${project}`)
    await page.getByRole('region', { name: 'To do' }).waitFor()
  })

  it('refuses a wrong password, and says so', async () => {
    const other = await newPage()
    await visit(other, '/sign-in')
    await signIn(other, owner.email, 'not the password')
    const alert = other.getByRole('alert').filter({ hasText: 'Wrong e-mail or password' })
    await alert.waitFor()
    expect(new URL(other.url()).pathname).toBe('/sign-in')
    await other.context().close()
  })

  it('signs in with a link from a mail, once', async () => {
    const other = await newPage()
    await visit(other, '/sign-in')
    await other.getByLabel('E-mail for a link').fill(userAt(population, 1).email)
    await other.getByRole('button', { name: 'Send me a link' }).click()
    await other.getByRole('status').filter({ hasText: 'on its way' }).waitFor()
    const letter = other.getByRole('link', { name: 'Open the link' }).first()
    await expect
      .poll(
        async () => {
          await other.goto('/dev/mail')
          return letter.count()
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    const link = await letter.getAttribute('href')
    const press = async () => {
      await visit(other, link ?? '')
      await other.getByRole('button', { name: 'Sign in to Worklane' }).click()
    }
    // As mail servers do that look at what they deliver: that uses nothing up.
    for (let look = 0; look < 2; look++) expect((await fetch(link ?? '')).status).toBe(200)
    await press()
    await other.waitForURL('**/dashboard')
    await other.context().clearCookies()
    await press()
    await other.getByRole('alert').filter({ hasText: 'That link has expired' }).waitFor()
    expect(new URL(other.url()).pathname).toBe('/sign-in')
    await other.context().close()
  })

  it('gives a session of yesterday a new token, and goes on', async () => {
    const old = newToken(Date.now() - 25 * 3_600_000)
    const other = await newPage()
    await asAdministrator((client) =>
      client.query(
        `insert into sessions (token_hash, user_id, active_org_id, expires_at)
         values ($1, $2, $3, now() + interval '1 day')`,
        [tokenHash(old), owner.id, organisationAt(population, owner.organisation).id],
      ),
    )
    await other.context().addCookies([{ name: 'authjs.session-token', value: old, url: stack.origin }])
    await visit(other, '/dashboard')
    await other.getByRole('heading', { name: 'Assigned to you' }).waitFor()
    const token = async () =>
      (await other.context().cookies()).find(({ name }) => name === 'authjs.session-token')?.value
    const fresh = await token()
    expect(fresh).not.toBe(old)
    await visit(other, other.url())
    await other.getByRole('heading', { name: 'Assigned to you' }).waitFor()
    // A fresh one stays.
    expect(await token()).toBe(fresh)
    await other.context().close()
  })

  it('shows the dashboard with figures, own work, projects and what happened', async () => {
    await visit(page, '/dashboard')
    await page.getByRole('heading', { name: 'Assigned to you' }).waitFor()
    await page.getByRole('heading', { name: 'Recent activity' }).waitFor()
    const open = page.locator('dl > div').filter({ hasText: 'Open' }).locator('dd')
    expect(Number(await open.textContent())).toBeGreaterThan(0)
  })

  it('adds a task to the board and moves it to the next column', async () => {
    await visit(page, `/projects/${project}`)
    await page.getByRole('button', { name: 'New task' }).click()
    await page.getByLabel('Title').fill('Walk the whole house')
    await page.getByRole('button', { name: 'Add task' }).click()
    const toDo = page.getByRole('region', { name: 'To do' })
    const doing = page.getByRole('region', { name: 'Doing' })
    const shown = async (column: Locator) =>
      Number(await column.getByRole('heading').locator('span').last().textContent())
    const added = toDo.getByRole('listitem').filter({ hasText: 'Walk the whole house' })
    await added.waitFor()
    const before = { toDo: await shown(toDo), doing: await shown(doing) }
    await added.getByRole('button', { name: /to Doing$/ }).click()
    await doing.getByRole('link', { name: 'Walk the whole house' }).waitFor()
    await expect.poll(() => shown(toDo)).toBe(before.toDo - 1)
    await expect.poll(() => shown(doing)).toBe(before.doing + 1)
  })

  it('changes a task, keeps the change, and tells of it', async () => {
    await visit(page, `/tasks/${task}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Renamed in a browser')
    await page.getByLabel('Priority').selectOption('urgent')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor()
    await visit(page, page.url())
    await page.getByRole('heading', { name: 'Renamed in a browser' }).waitFor()
    expect(await page.getByLabel('Priority').inputValue()).toBe('urgent')
    // The activity comes through the outbox and the worker.
    await expect
      .poll(
        async () => {
          await visit(page, page.url())
          return page.getByText('changed', { exact: true }).count()
        },
        { timeout: 15_000 },
      )
      .toBeGreaterThan(0)
  })

  it("says of another organisation's task what it says of none", async () => {
    for (const path of notThere) {
      await visit(page, path)
      await page.getByRole('heading', { name: 'Page not found' }).waitFor()
    }
  })

  it('starts a project', async () => {
    await visit(page, '/dashboard')
    await page.getByText('New project').click()
    await page.getByLabel('Name').fill('Lighthouse keepers')
    await page.getByLabel('Key').fill('lhk')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.waitForURL('**/projects/*')
    await page.getByRole('heading', { name: 'Lighthouse keepers', level: 1 }).waitFor()
  })

  it('looks finished in light and dark, wide and narrow', async () => {
    const look = await newPage()
    const shoot = async (name: string, path: string) => {
      await look.goto(path, { waitUntil: 'networkidle' })
      for (const scheme of ['light', 'dark'] as const) {
        for (const width of [1280, 390]) {
          await wear(look, [scheme, width])
          await look.screenshot({ path: join(screenshots, `${name}-${scheme}-${width}.png`) })
          const overflow = await look.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          expect(overflow, `${path} at ${width} pixels`).toBe(0)
        }
      }
    }
    await shoot('sign-in', '/sign-in')
    await look.context().addCookies(await page.context().cookies())
    await shoot('dashboard', '/dashboard')
    await shoot('board', `/projects/${project}`)
    await shoot('task', `/tasks/${task}`)
    for (const name of ['tasks', 'reports', 'notifications', 'onboarding', 'search?q=release'])
      await shoot(name.replace(/\?.*/, ''), `/${name}`)
    for (const name of ['profile', 'security', 'organisation', 'members', 'labels', 'api-keys', 'audit'])
      await shoot(`settings-${name}`, `/settings/${name}`)
    await look.context().close()
  })

  it('shows no style of text that it did not ask for while it waited', async () => {
    const narrow = await newPage()
    await narrow.setViewportSize({ width: 390, height: 860 })
    await narrow.context().addCookies(await page.context().cookies())
    const places = [
      '/dashboard',
      `/projects/${project}`,
      '/tasks',
      `/tasks/${task}`,
      '/reports',
      '/settings/members',
    ]
    for (const path of places) {
      await visit(narrow, path)
      const { asked, shown } = (await narrow.evaluate(textStyles)) as Record<'asked' | 'shown', string[]>
      expect(shown.length, path).toBeGreaterThan(3)
      expect(
        shown.filter((style) => !asked.includes(style)),
        path,
      ).toEqual([])
    }
    await narrow.context().close()
  })

  it('signs out, and the session is dead at once', async () => {
    const [cookie] = (await page.context().cookies()).filter(({ name }) => name.endsWith('session-token'))
    const asks = () =>
      fetch(`${stack.origin}/v1/me`, { headers: { cookie: `${cookie?.name}=${cookie?.value}` } })
    expect((await asks()).status).toBe(200)
    await visit(page, '/dashboard')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in')
    expect((await asks()).status).toBe(401)
  })

  it('made no browser complain', () => {
    // The pages that were not there, on purpose, and the wrong password are answers, not faults. Where a page's frame
    // is sent before it is known that the task is not there, React says #419 of the part that the server left out.
    const answers = /status of (401|404)/
    const isLeftOut = (text: string) =>
      text.includes('React error #419') && notThere.some((path) => text.startsWith(`${path}: `))
    expect(complaints.filter((text) => !answers.test(text) && !isLeftOut(text))).toEqual([])
  })
})
