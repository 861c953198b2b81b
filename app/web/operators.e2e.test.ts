import { join } from 'node:path'
import { operatorsOf } from '@worklane/data/operators.ts'
import { jobsOf } from '@worklane/data/testing/jobs.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, userAt } from '../../fixtures/population.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import {
  browserOf,
  fourLooks,
  openPage,
  population,
  screenshots,
  takePictures,
  tokenOf,
  visit,
} from './testing/pages.ts'
import { type PaidStack, startPaidStack } from './testing/paid-stack.ts'

/** Runs Worklane, and belongs to another organisation than the owner. */
const operator = organisationAt(population, 1).firstUser
const owner = 0
const organisation = organisationAt(population, userAt(population, owner).organisation)
const pages = ['/operators', '/operators/dead-letters', '/operators/log', '/operators/queues']

describe('who runs Worklane', () => {
  let paid: PaidStack
  let control: PaidStack['control']
  let stripe: PaidStack['stripe']
  let stack: PaidStack['stack']
  let jobs: ReturnType<typeof jobsOf>
  let browser: Browser
  let page: Page
  let customer: string
  const complaints: string[] = []

  beforeAll(async () => {
    paid = await startPaidStack(population, { seed: 'operators' })
    ;({ control, stripe, stack } = paid)
    jobs = jobsOf(stack.env.REDIS_URL ?? '')
    customer = (await stripe.customers.create({ email: 'ada@example.test', name: 'Ada Lovelace' })).id
    await sql(`update organisations set plan = 'business' where id = '${organisation.id}'`)
    await sql(
      `insert into billing_customers (org_id, stripe_id) values ('${organisation.id}', '${customer}')`,
    )
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints, operator)
    page.setDefaultTimeout(15_000)
  })
  afterAll(async () => {
    await browser?.close()
    await jobs?.close()
    await paid?.stop()
  })

  const sql = (text: string) => paid.sql(text)
  const grants = () => operatorsOf(stack.env.DATABASE_URL ?? '')
  const { email } = userAt(population, operator)
  const text = async () => (await page.locator('main').textContent()) ?? ''
  /** All that an answer says, but for what is another each time and its own address. */
  async function answer(path: string, user: number | null, init: RequestInit = {}) {
    const cookie = user === null ? '' : `authjs.session-token=${tokenOf(user, stack.sessionSecret)}`
    const response = await fetch(stack.origin + path, {
      ...init,
      redirect: 'manual',
      headers: { cookie, ...init.headers },
    })
    const headers = [...response.headers].filter(([name]) => !/^(date|x-request-id|etag)$|nonce/.test(name))
    return {
      status: response.status,
      headers: headers.map(([name, value]) => [name, value.replaceAll(/nonce-[^']+/g, 'nonce-')]),
      text: (await response.text()).replaceAll(/nonce="[^"]*"|"requestId":"[^"]*"/g, ''),
    }
  }
  const picture = (name: string) => takePictures(page, `operators-${name}`, fourLooks)

  const strangers = [
    ['nobody', null],
    ['the owner of an organisation', owner],
    ['somebody who is no operator yet', operator],
  ] as const
  it.each(strangers)('is asked by %s in vain: there is no such page', async (_, user) => {
    for (const path of pages) {
      const [there, nowhere] = [await answer(path, user), await answer('/no-such-page', user)]
      expect(there.status).toBe(404)
      const asIfNowhere = there.text.replaceAll(path.slice(1), 'no-such-page')
      expect({ ...there, text: '' }).toEqual({ ...nowhere, text: '' })
      expect(asIfNowhere.length).toBe(nowhere.text.length)
      expect(there.text).not.toMatch(/Stripe events|Dead letters/)
    }
    const click = { headers: { rsc: '1' } }
    const [here, nowhere] = [
      await answer('/operators', user, click),
      await answer('/no-such-page', user, click),
    ]
    expect({ ...here, text: '' }).toEqual({ ...nowhere, text: '' })
    expect((await answer('/v1/operator/events', user)).status).toBe(404)
    expect((await answer('/v1/operator/queues/', user)).status).toBe(404)
    expect((await answer('/trpc/operator.events', user)).status).toBe(404)
  })

  it('sees what Stripe told from the next request on', async () => {
    expect(await grants().add(email)).toBe('added')
    await stripe.customers.update(customer, { name: 'Ada King' })
    await stripe.customers.create({ name: 'Of nobody' })
    await expect
      .poll(
        async () => {
          await visit(page, '/operators')
          return text()
        },
        { timeout: 20_000 },
      )
      .toMatch(/(?=[\s\S]*Ignoredcustomer\.created)(?=[\s\S]*(Waiting|Processed)customer\.updated)/)
    const event = page.locator('li', { hasText: organisation.name }).first()
    await event.locator('summary').click()
    await event.getByRole('button', { name: 'Show the payload' }).click()
    const payload = await event.locator('pre').textContent()
    expect(payload).toContain(customer)
    expect(payload).toContain('[hidden]')
    expect(payload).not.toMatch(/Ada|example\.test/)
    await picture('events')
  })

  it('finds the events of a state and of a type, with the keyboard alone', async () => {
    await visit(page, '/operators')
    await page.getByLabel('State').focus()
    await page.keyboard.press('i')
    await page.keyboard.press('Tab')
    await page.keyboard.type('customer.created')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/operators?state=ignored&type=customer.created&customer=')
    await page.locator('summary').first().waitFor()
    expect(await text()).not.toContain('customer.updated')
  })

  it('has a customer looked at anew, which its organisation reads in its audit log', async () => {
    await visit(page, `/operators?customer=${customer}`)
    const panel = page.getByRole('region', { name: organisation.name })
    const [before] = await sql(
      `select written_reading as n from billing_customers where stripe_id = '${customer}'`,
    )
    await panel.getByRole('button', { name: 'Read it from Stripe again' }).click()
    await panel.getByText('It is being read.').waitFor()
    const written = () =>
      sql(`select written_reading as n from billing_customers where stripe_id = '${customer}'`)
    await expect.poll(async () => Number((await written())[0].n)).toBeGreaterThan(Number(before.n))
    await picture('customer')
    const theirs = await (await browserOf(browser, stack, owner)).newPage()
    await visit(theirs, '/settings/audit?operation=operator.resync')
    expect(await theirs.locator('main').textContent()).toMatch(/operator\.resyncby Worklane support/)
    await theirs.context().close()
  })

  it('retries what failed for good, once its cause is gone, and it succeeds', async () => {
    await control.break([{ kind: 'error' }])
    const queue = jobs.queue('billing')
    const [{ id }] = await sql('select uuidv7() as id')
    const job = { id, orgId: organisation.id, topic: 'billing.sync', payload: {} }
    await queue.add('billing.sync', job, { jobId: id, attempts: 1 })
    await jobs.fail('notifications', { name: 'unheard.of', orgId: organisation.id })
    await expect.poll(async () => (await jobs.letters.latest(['billing'], null, 10)).length).toBe(1)
    await visit(page, '/operators/dead-letters')
    const letter = page.locator('li', { hasText: id })
    expect(await letter.textContent()).toContain(organisation.name)
    await picture('dead-letters')
    await control.break([])
    const writtenAt = async () =>
      (await sql(`select written_began_at as at from billing_customers where stripe_id = '${customer}'`))[0]
        .at
    const before = await writtenAt()
    await letter.getByRole('button', { name: `Retry billing.sync ${id}` }).click()
    await page.getByText('billing.sync is tried again.').waitFor()
    await expect.poll(async () => (await queue.getJob(id))?.getState()).toBe('completed')
    expect((await writtenAt()).getTime()).toBeGreaterThan(before.getTime())
    await expect.poll(() => page.locator('li', { hasText: id }).count()).toBe(0)
    await queue.close()
  })

  it('is told where another operator was faster, and discards what is of no use', async () => {
    await visit(page, '/operators/dead-letters')
    const letter = page.locator('li', { hasText: 'unheard.of' })
    const [known] = await jobs.letters.latest(['notifications'], null, 10)
    await letter.getByRole('button', { name: 'Discard unheard.of' }).click()
    await picture('discard')
    await page.getByRole('dialog').getByRole('button', { name: 'Discard unheard.of' }).click()
    await page.getByText('No job has failed for good.').waitFor()
    expect(await jobs.letters.find('notifications', known?.id ?? '')).toBeNull()
    await jobs.fail('notifications', { name: 'unheard.of', id: 'raced' })
    await visit(page, '/operators/dead-letters')
    await jobs.letters.discard('notifications', 'raced')
    await page.getByRole('button', { name: 'Retry unheard.of raced' }).click()
    await page.getByText('somebody else was faster').waitFor()
    await picture('empty')
  })

  it('looks at the queues, whose jobs hold nothing to see', async () => {
    const refused: string[] = []
    const note = (message: { text(): string }) => {
      if (message.text().includes('Content Security Policy')) refused.push(message.text())
    }
    page.on('console', note)
    await page.goto('/operators')
    await page.getByRole('link', { name: 'Queues' }).click()
    await page.waitForURL(/\/v1\/operator\/queues\/$/)
    await page.getByText('notifications').first().waitFor()
    await page.screenshot({ path: join(screenshots, 'operators-queues.png') })
    await jobs.fail('notifications', { name: 'unheard.of', id: 'secret' })
    await page.goto('/v1/operator/queues/queue/notifications?status=failed')
    await page.getByText('unheard.of').first().waitFor()
    expect(await page.locator('body').textContent()).not.toContain('of the payload')
    await page.screenshot({ path: join(screenshots, 'operators-queue.png') })
    await jobs.letters.discard('notifications', 'secret')
    page.off('console', note)
    expect(refused).toEqual([])
  })

  it('leaves all that in a log', async () => {
    const log = await sql(
      `select action, outcome from operator_actions where operator_email = '${email}' and outcome <> 'asked' order by id`,
    )
    expect(log.filter(({ action }) => !/event|customer/.test(action))).toEqual([
      { action: 'operator.resync', outcome: 'done' },
      { action: 'operator.retry', outcome: 'done' },
      { action: 'operator.discard', outcome: 'done' },
      { action: 'operator.retry', outcome: 'refused' },
    ])
    expect(log).toContainEqual({ action: 'operator.event', outcome: 'done' })
    await visit(page, '/operators/log')
    expect(await text()).toMatch(
      /Refusedoperator\.retry notifications raced[\s\S]*Doneoperator\.resync cus_\w+/,
    )
    await picture('log')
  })

  it('is out on the next request once that is taken back', async () => {
    await visit(page, '/operators')
    expect(await grants().remove(email)).toBe('removed')
    await page.getByRole('link', { name: 'Dead letters' }).click()
    await page.getByText('Page not found').waitFor()
    for (const path of pages) expect((await answer(path, operator)).status).toBe(404)
    expect((await answer('/v1/operator/events', operator)).status).toBe(404)
    expect(complaints).toEqual([])
  })
})
