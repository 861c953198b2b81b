import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { jobsOf } from '@worklane/data/testing/jobs.ts'
import { asAdministrator } from '@worklane/domain/testing/tenants.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, taskIdAt, userAt } from '../../fixtures/population.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import {
  fourLooks,
  openPage,
  population,
  screenshots,
  takePictures,
  threeLooks,
  visit,
} from './testing/pages.ts'

const owner = userAt(population, 0)
const organisation = organisationAt(population, owner.organisation)
const task = taskIdAt(population, owner.organisation, 0, 0)
const address = 'owner@mails.test'

describe('mails about what one has not read, in a browser', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  /** Somebody who is not signed in. */
  let stranger: Page
  let link = ''
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({ population, env: { RATE_LIMIT_SCALE: '20' } })
    Object.assign(process.env, { DATABASE_URL: stack.env.DATABASE_URL })
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints)
    stranger = await openPage(browser, stack, complaints, null)
    for (const each of [page, stranger])
      each.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) complaints.push(message.text())
      })
    await sql(`update users set email = '${address}', email_verified = now() where id = '${owner.id}'`)
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  const sql = (text: string) => asAdministrator(async (client) => (await client.query(text)).rows)
  const chosen = async () =>
    (
      await sql(`select every from digests where org_id = '${organisation.id}' and user_id = '${owner.id}'`)
    )[0]?.every

  it('are chosen in the settings, and off before', async () => {
    await visit(page, '/settings/notifications')
    expect(await page.getByLabel('Never').isChecked()).toBe(true)
    await page.getByLabel('Every day').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The next e-mail is due on').waitFor()
    expect(await chosen()).toBe('daily')
    await visit(page, '/settings/notifications')
    expect(await page.getByLabel('Every day').isChecked()).toBe(true)
    await takePictures(page, 'settings-notifications', fourLooks)
  })

  it('come by the worker, and the sink shows them as HTML and as text', async () => {
    await sql(`insert into notifications (org_id, user_id, outbox_id, kind, task_id, excerpt)
      values ('${organisation.id}', '${owner.id}', '${randomUUID()}', 'mentioned', '${task}', 'Please have a look')`)
    await sql(`update digests set due_at = now() - interval '1 second' where user_id = '${owner.id}'`)
    await planNow()
    await expect
      .poll(
        async () => {
          await page.goto('/dev/mail')
          return page.getByText(/unread notifications? in/).count()
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThan(0)
    const mail = page.locator('li', { hasText: /unread notifications? in/ })
    await mail.getByText('As HTML').click()
    const shown = mail.locator('iframe')
    await shown.scrollIntoViewIfNeeded()
    await page.frameLocator('iframe').getByText('Please have a look').waitFor()
    expect(await shown.getAttribute('sandbox')).toBe('')
    await mail.getByText('As text').click()
    const text = (await mail.locator('pre').textContent()) ?? ''
    expect(text).toContain('Please have a look')
    link = /https?:\/\/\S+\/unsubscribe\/[0-9a-f-]{36}/.exec(text)?.[0] ?? ''
    await page.screenshot({ path: join(screenshots, 'dev-mail.png'), fullPage: true })
  })

  it('are ended by who has the link, by a press of the button and not by opening it', async () => {
    await visit(stranger, link)
    expect(await stranger.locator('main').textContent()).toContain(organisation.name)
    expect(await chosen()).toBe('daily')
    await takePictures(stranger, 'unsubscribe', threeLooks)
    await stranger.getByRole('button', { name: 'Unsubscribe' }).click()
    await stranger.getByText('You are unsubscribed').waitFor()
    expect(await chosen()).toBe('off')
    await takePictures(stranger, 'unsubscribed', threeLooks)
    await visit(stranger, `/unsubscribe/${randomUUID()}`)
    await stranger.getByText('This link is no longer valid').waitFor()
  })

  it('are ended by a mail program with one POST', async () => {
    await sql(
      `update digests set every = 'weekly', due_at = now() + interval '1 day' where user_id = '${owner.id}'`,
    )
    const oneClick = `${link}/one-click`
    const look = await fetch(oneClick, { redirect: 'manual' })
    expect([look.status, look.headers.get('location')]).toEqual([303, link])
    expect(await chosen()).toBe('weekly')
    const post = (to: string) =>
      fetch(to, {
        method: 'POST',
        body: 'List-Unsubscribe=One-Click',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    expect((await post(`${stack.origin}/unsubscribe/${randomUUID()}/one-click`)).status).toBe(404)
    expect((await post(oneClick)).status).toBe(200)
    expect(await chosen()).toBe('off')
  })

  it('complained of nothing', () => expect(complaints).toEqual([]))

  /** The schedule's turn, now instead of within five minutes. */
  async function planNow(): Promise<void> {
    const jobs = jobsOf(stack.env.REDIS_URL ?? '')
    const schedules = jobs.queue('schedules')
    await schedules.add('plan-digests', {})
    await schedules.close()
    await jobs.close()
  }
})
