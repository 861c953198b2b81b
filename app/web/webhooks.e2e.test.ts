import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, projectIdAt, userAt } from '../../fixtures/population.ts'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { type Receiver, startReceiver, verified } from '../worker/webhooks/testing/receiver.ts'
import { callAs, fourLooks, openPage, population, takePictures, threeLooks, visit } from './testing/pages.ts'
import { rowsOf } from './testing/rows.ts'

const owner = userAt(population, 0)
const project = projectIdAt(population, owner.organisation, 0)
/** Somebody who owns an organisation of the plan Free. */
const free = Array.from({ length: population.organisations }, (_, index) =>
  organisationAt(population, index),
).find(({ plan }) => plan === 'free')

const textOf = async (at: Locator): Promise<string> => ((await at.textContent()) ?? '').trim()

describe('webhooks in a browser', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  let receiver: Receiver
  let secret = ''
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({
      population,
      parts: partNames.filter((part) => part !== 'prometheus' && part !== 'payments'),
      env: { RATE_LIMIT_SCALE: '20', WEBHOOKS_ALLOW_PRIVATE: '1' },
    })
    receiver = await startReceiver()
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints)
    page.setDefaultTimeout(20_000)
  })
  afterAll(async () => {
    await browser?.close()
    await receiver?.close()
    await stack?.stop()
  })

  const createTask = async (title: string) => {
    const answer = await callAs(stack, 0, 'POST', `/projects/${project}/tasks`, { title })
    expect(answer.status).toBe(201)
  }
  const sql = (text: string, values: unknown[] = []) => rowsOf(stack, text, values)
  const pictures = (name: string, looks = threeLooks) =>
    takePictures(page, `webhooks-${name}`, looks, {
      each: async (look) => {
        const { violations } = await new AxeBuilder({ page }).analyze()
        expect(violations.map(({ id, nodes }) => `${look} ${id}: ${nodes[0]?.html}`)).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      },
    })
  const openLog = async () => {
    await visit(page, '/settings/webhooks')
    await page.getByRole('link', { name: `Deliveries to ${receiver.url}/hook` }).click()
    await page.getByRole('heading', { name: 'Deliveries to' }).waitFor()
  }
  /** Until the log says so; it is no live page. */
  const logShows = (state: string) =>
    expect
      .poll(
        async () => {
          await page.reload()
          return textOf(page.locator('#main summary').first())
        },
        { timeout: 60_000, interval: 1_000 },
      )
      .toContain(state)

  it('are added by keys alone, with the events that one chooses, and a secret that is shown once', async () => {
    await visit(page, '/settings/webhooks')
    await page.getByText('No webhooks yet.').waitFor()
    await pictures('empty')
    await page.getByLabel('Address').focus()
    await page.keyboard.type(`${receiver.url}/hook`)
    await page.keyboard.press('Tab')
    await page.keyboard.type('The build')
    await page.keyboard.press('Tab')
    // All of tasks is chosen; of these all but the first go.
    expect(await page.evaluate('document.activeElement.value')).toBe('task.created')
    for (let n = 0; n < 3; n++) {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Space')
    }
    await page.getByRole('button', { name: 'Add webhook' }).focus()
    await page.keyboard.press('Enter')
    secret = await textOf(page.locator('[data-secret]'))
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    await page.getByText('Active').waitFor()
    await pictures('added', fourLooks)
    await visit(page, '/settings/webhooks')
    expect(await textOf(page.locator('main'))).toContain(`${receiver.url}/hook`)
    expect(await page.content()).not.toContain(secret)
  })

  it('say what is wrong with an address, and change nothing', async () => {
    await visit(page, '/settings/webhooks')
    await page.getByLabel('Address').first().fill('ftp://hooks.example.test/')
    await page.getByRole('button', { name: 'Add webhook' }).click()
    await page
      .getByRole('alert')
      .filter({ hasText: 'url: must be an address that begins with https://' })
      .waitFor()
  })

  it('tell a receiver of a task, try again after its outage, and show both in the log', async () => {
    receiver.answer = () => 503
    await createTask('Told of after an outage')
    await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBeGreaterThan(0)
    await openLog()
    await logShows('Waiting')
    expect(await textOf(page.locator('#main summary').first())).toContain('503')
    receiver.answer = () => 200
    await expect
      .poll(() => receiver.received.some(({ status }) => status === 200), { timeout: 60_000 })
      .toBe(true)
    await logShows('Delivered')
    const [before, after] = [receiver.received[0], receiver.received.find(({ status }) => status === 200)]
    expect(after?.id).toBe(before?.id)
    for (const request of [before, after]) {
      const { type, data } = verified(request as never, secret)
      expect(type).toBe('task.created')
      expect(data).toMatchObject({ task: { title: 'Told of after an outage' }, actorId: owner.id })
    }
    await page.locator('#main summary').first().click()
    await page.getByRole('heading', { name: 'Try 2: 200' }).waitFor()
    await page.getByRole('heading', { name: 'Try 1: 503' }).waitFor()
    await page.getByText('not taken').waitFor()
    await pictures('log', fourLooks)
    // Nobody wants to be told of a task that changes.
    expect(receiver.received.every(({ body }) => body.includes('task.created'))).toBe(true)
  })

  it('are sent again from the log, and a test event when one asks for it', async () => {
    await openLog()
    await page.locator('#main summary').first().click()
    const before = receiver.received.length
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByText('On its way.').waitFor()
    await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBe(before + 1)
    expect(receiver.received.at(-1)?.id).toBe(receiver.received[0]?.id)
    await visit(page, '/settings/webhooks')
    await page.getByRole('button', { name: 'Send test event' }).click()
    await page.getByText('It appears among the deliveries.').waitFor()
    await expect.poll(() => receiver.received.at(-1)?.body, { timeout: 60_000 }).toContain('webhook.test')
  })

  it('have a new secret beside the one before, for a day', async () => {
    await visit(page, '/settings/webhooks')
    await page.getByRole('button', { name: 'New secret' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'New secret' }).click()
    const rolled = await textOf(page.locator('[data-secret]'))
    await page.getByText('The previous secret stays valid until').waitFor()
    await createTask('Signed twice')
    const told = () => receiver.received.find(({ body }) => body.includes('Signed twice'))
    await expect.poll(told, { timeout: 60_000 }).toBeDefined()
    for (const each of [secret, rolled]) verified(told() as never, each)
  })

  it('that a receiver ended are shown as disabled, and go on when somebody enables them again', async () => {
    receiver.answer = () => 410
    await createTask('The last straw')
    await expect
      .poll(() => sql('select disabled_because from webhook_endpoints'), { timeout: 60_000 })
      .toEqual([{ disabled_because: 'gone' }])
    await visit(page, '/settings/webhooks')
    await page.getByText('Disabled, because the receiver answered 410 Gone.').waitFor()
    await pictures('disabled')
    receiver.answer = () => 200
    await page.getByRole('button', { name: 'Enable again' }).click()
    await page.getByText('Active').waitFor()
    await createTask('Back again')
    const isBack = () => receiver.received.some(({ body }) => body.includes('Back again'))
    await expect.poll(isBack, { timeout: 60_000 }).toBe(true)
  })

  it('change what they are told, and are removed with their log', async () => {
    await visit(page, '/settings/webhooks')
    await page.getByLabel(`Change the webhook to ${receiver.url}/hook`).click()
    const form = page.getByRole('listitem').filter({ hasText: receiver.url })
    await form.getByLabel('project.created').check()
    await form.getByRole('button', { name: 'Save' }).click()
    await page.getByText('task.created, project.created').waitFor()
    await page.getByRole('button', { name: /^Remove the webhook/ }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Remove the webhook/ })
      .click()
    await page.getByText('No webhooks yet.').waitFor()
    expect(await sql('select from webhook_deliveries')).toEqual([])
  })

  it('are shown to who is on a smaller plan, with the way to a larger one', async () => {
    if (!free) throw new Error('nobody is on the plan Free')
    const theirs = await openPage(browser, stack, complaints, free.firstUser)
    await visit(theirs, '/settings/webhooks')
    await theirs.getByRole('heading', { name: 'Webhooks are not in your plan' }).waitFor()
    expect(await theirs.getByRole('button', { name: 'Add webhook' }).count()).toBe(0)
    await takePictures(theirs, 'webhooks-upgrade', threeLooks)
    await theirs.context().close()
    const member = Array.from({ length: population.users }, (_, index) => userAt(population, index)).find(
      ({ organisation, role }) => organisation === owner.organisation && role === 'member',
    )
    const other = await openPage(browser, stack, complaints, member?.index)
    await visit(other, '/settings/webhooks')
    await other.getByRole('heading', { name: 'You need the role admin or higher' }).waitFor()
    await other.context().close()
  })

  it('throw nothing', () => {
    expect(complaints).toEqual([])
  })
})
