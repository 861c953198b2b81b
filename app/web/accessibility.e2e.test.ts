import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, type User, userAt } from '../../fixtures/population.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { asAdministrator } from '../domain/testing/tenants.ts'
import {
  addressOf,
  browserOf,
  forStrangers,
  type Look,
  makeOperator,
  openCommands,
  pagesOfTheApp,
  population,
  visit,
  wear,
} from './testing/pages.ts'
import { violationsOf } from './testing/violations.ts'

const owner = userAt(population, 0)
const bright: Look = ['light', 1280]
const looks = [bright, ['dark', 390] satisfies Look]
/** More pages in a minute than a person opens. */
const manyPages = { RATE_LIMIT_SCALE: '20' }

describe('every page', async () => {
  const pages = await pagesOfTheApp()
  let stack: Stack
  let browser: Browser
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({ population, env: manyPages })
    process.env.DATABASE_URL = stack.env.DATABASE_URL
    await makeOperator(stack, 0)
    browser = await launchChromium(await provideHeadless())
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  /** One for each user: what all pages share is fetched once. */
  const contexts = new Map<number | null, Promise<BrowserContext>>()

  async function open(page: string, look: Look, user = 0): Promise<Page> {
    const who = forStrangers.has(page) ? null : user
    const context = contexts.get(who) ?? browserOf(browser, stack, who)
    contexts.set(who, context)
    const opened = await (await context).newPage()
    opened.on('console', (message) => {
      // React says so of the part that the server failed to render: one of the pages is there to fail.
      if (message.type() === 'error' && !/React error #4(19|41)/.test(message.text()))
        complaints.push(`${page}: ${message.text()}`)
    })
    await opened.goto(addressOf(page), { waitUntil: 'load' })
    // What streams in late is part of the page.
    await expect.poll(() => opened.locator('.waiting').count(), { timeout: 10_000 }).toBe(0)
    await wear(opened, look)
    return opened
  }

  /** Those of every look, each after its look. */
  async function violationsOfLooks(page: Page): Promise<unknown[]> {
    const found: unknown[] = []
    for (const look of looks) {
      await wear(page, look)
      found.push(look, ...(await violationsOf(page)))
    }
    return found
  }

  it.each(pages.filter((page) => page !== '/dev/mail'))(
    '%s has no serious violation of WCAG AA',
    async (page) => {
      const opened = await open(page, bright)
      expect(await violationsOfLooks(opened)).toEqual(looks)
      await opened.close()
    },
  )

  /** From now on the owner's list of tasks cannot be shown. */
  const keepUnreadableFilter = () =>
    asAdministrator((client) =>
      client.query(
        `insert into saved_filters (org_id, user_id, name, query) values ($1, $2, 'Unreadable', '{"due":"once"}')`,
        [organisationAt(population, owner.organisation).id, owner.id],
      ),
    )
  const press = (name: string) => async (page: Page) => {
    await page.getByRole('button', { name, exact: true }).first().click()
  }
  it.each<[string, string, (page: Page) => Promise<void>]>([
    ['the question before an end', '/settings/organisation', press('Delete organisation')],
    [
      'the choice of a person',
      '/settings/organisation',
      async (page) => {
        await page.getByRole('combobox', { name: 'New owner' }).pressSequentially('a')
        await page.getByRole('option').first().waitFor()
      },
    ],
    ['a new task', '/projects/[projectId]', press('New task')],
    ['a task that is edited', '/tasks/[taskId]', press('Edit')],
    [
      'the choice of who has a task',
      '/tasks/[taskId]',
      async (page) => {
        await page.getByRole('combobox', { name: 'Assignee' }).fill('a')
        await page.locator('[role=option]').first().waitFor()
      },
    ],
    [
      'the choice of a label',
      '/tasks/[taskId]',
      async (page) => {
        await press('Edit')(page)
        await page.getByRole('combobox', { name: 'Add a label' }).click()
        await page.locator('[role=option]').first().waitFor()
      },
    ],
    [
      'the choice of a project to filter by',
      '/tasks',
      async (page) => {
        await page.getByRole('combobox', { name: 'Any project' }).click()
        await page.locator('[role=option]').first().waitFor()
      },
    ],
    [
      'the choice of who is mentioned',
      '/tasks/[taskId]',
      async (page) => {
        await page.getByLabel('Write a comment').pressSequentially('@a')
        await page.locator('#mentions').getByRole('option').first().waitFor()
      },
    ],
    [
      'a key that was made',
      '/settings/api-keys',
      async (page) => {
        await page.getByText('Choose single scopes').click()
        await page.getByLabel('Name').fill('Robot')
        await page.getByRole('button', { name: 'New key' }).click()
        await page.locator('[data-secret]').waitFor()
      },
    ],
    [
      'a webhook that was added',
      '/settings/webhooks',
      async (page) => {
        await page.getByLabel('Address').first().fill('https://hooks.example.test/')
        await page.getByRole('button', { name: 'Add webhook' }).click()
        await page.locator('[data-secret]').waitFor()
      },
    ],
    [
      'the command menu',
      '/dashboard',
      async (page) => {
        await openCommands(page)
        await page.getByRole('combobox').fill('a')
        await page.getByRole('option').first().waitFor()
      },
    ],
    [
      'a page that failed',
      '/tasks',
      async (page) => {
        await keepUnreadableFilter()
        await visit(page, '/tasks')
        await page.getByRole('heading', { name: 'Something went wrong on our side' }).waitFor()
      },
    ],
  ])('%s has no serious violation when it is open', async (_, page, act) => {
    const opened = await open(page, bright)
    await act(opened)
    expect(await violationsOfLooks(opened)).toEqual(looks)
    await opened.close()
  })

  const viewer = Array.from({ length: population.users }, (_, index) => userAt(population, index)).find(
    ({ role, organisation }) => role === 'viewer' && organisation === owner.organisation,
  ) as User
  const seen = (page: string) =>
    page !== '/dev/mail' && !forStrangers.has(page) && !page.startsWith('/operators')
  it.each(pages.filter(seen))('%s has none for a viewer, who sees less', async (page) => {
    const opened = await open(page, ['light', 390], viewer.index)
    expect(await violationsOf(opened)).toEqual([])
    await opened.close()
  })

  it('would be found out with an image that says nothing, or a text that one cannot read', async () => {
    const page = await open('/pricing', bright)
    // React, as it wakes up, takes away what is not its own: once more, then.
    const ids = async () => {
      await page.evaluate(`document.querySelector('main').insertAdjacentHTML('beforeend',
        '<img src="/icon.svg"><p class="faint">Too faint to read</p>');
        document.querySelector('.faint').style.color = '#ddd'`)
      return (await violationsOf(page)).map((line) => line.split(':')[0])
    }
    await expect
      .poll(ids, { timeout: 15_000 })
      .toEqual(expect.arrayContaining(['image-alt', 'color-contrast']))
    await page.close()
  })

  it('made no browser complain', () => expect(complaints).toEqual([]))
})
