import { plans } from '@worklane/domain/billing/plans.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { takePictures, threeLooks, visit } from './testing/pages.ts'
import { type PaidStack, startPaidStack } from './testing/paid-stack.ts'

const [good, declined, failsLater] = ['4242424242424242', '4000000000000002', '4000000000000341']
const day = 86_400

describe('an organisation and its plan', () => {
  let paid: PaidStack
  let sandbox: PaidStack['sandbox']
  let control: PaidStack['control']
  let stack: PaidStack['stack']
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    // The trial of 14 days that begins now ends five days ago: Worklane's own clock is the real one.
    const start = Math.floor(Date.now() / 1000) - 19 * day
    paid = await startPaidStack(null, { seed: 'billing', start, frozen: true })
    ;({ sandbox, control, stack } = paid)
    browser = await launchChromium(await provideHeadless())
    page = await (
      await browser.newContext({ baseURL: stack.origin, viewport: { width: 1280, height: 860 } })
    ).newPage()
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.setDefaultTimeout(15_000)
  })
  afterAll(async () => {
    await browser?.close()
    await paid?.stop()
  })

  const sql = (text: string) => paid.sql(text)
  const billing = () => visit(page, '/settings/billing')
  const text = async () => (await page.locator('main').textContent()) ?? ''
  /** Looks again, as somebody who waits does, until the page says so. */
  const untilBillingSays = (what: RegExp) =>
    expect
      .poll(
        async () => {
          await billing()
          return text()
        },
        { timeout: 20_000 },
      )
      .toMatch(what)
  /** In both colour schemes and on a phone. */
  const picture = (name: string) => takePictures(page, `billing-${name}`, threeLooks)
  const fillCard = async (number: string) => {
    await page.getByLabel('Card number').fill(number)
    await page.getByLabel('Expiry').fill('12 / 34')
    await page.getByLabel('Security code').fill('123')
  }
  const newProject = async (key: string) => {
    await visit(page, '/dashboard')
    await page.getByText('New project').click()
    await page.getByLabel('Name').fill(`Project ${key}`)
    await page.getByLabel('Key', { exact: true }).fill(key)
    await page.getByRole('button', { name: 'Create' }).click()
  }

  it('begins on the plan Free', async () => {
    await visit(page, '/sign-up')
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('E-mail').fill('ada@example.test')
    await page.getByLabel('Password').fill('a password of ada')
    await page.getByLabel('Organisation').fill('Analytical Engines')
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.waitForURL('**/onboarding')
    // As by the link of the mail (auth/doors.e2e): who never proves an address is written to by no bill.
    await sql('update users set email_verified = now()')
    await billing()
    expect(await text()).toMatch(
      /Plan Free[\s\S]*Free of charge[\s\S]*0 of 5[\s\S]*1 of 15[\s\S]*0 of 10,000[\s\S]*No invoices yet/,
    )
    await picture('free')
  })

  it('meets the limit of projects, and is told which plan lifts it', async () => {
    const limit = plans.free.limits.projects as number
    for (let n = 0; n < limit; n++) {
      await newProject(`AB${n}`)
      await page.waitForURL('**/projects/*')
    }
    await newProject('ABX')
    const refusal = page.getByRole('alert').filter({ hasText: 'Free' })
    await refusal.waitFor()
    expect(await refusal.textContent()).toBe(
      `Your plan Free allows ${limit} projects, and you have ${limit}. The plan Team allows 50. Compare plans`,
    )
    await refusal.getByRole('link').click()
    await page.waitForURL('**/pricing')
    await visit(page, '/settings/audit')
    expect(await text()).toContain('The audit log is not in your plan')
  })

  it('chooses a plan, has a card declined, and pays by another', async () => {
    await billing()
    await page.getByRole('button', { name: 'Choose Team' }).click()
    await page.waitForURL(`${sandbox.origin}/checkout/**`)
    const pay = async (number: string) => {
      await fillCard(number)
      await page.getByLabel('Country').fill('DE')
      await page.getByRole('button', { name: 'Subscribe' }).click()
    }
    await pay(declined)
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toMatch(/declined/)
    await pay(good)
    await page.waitForURL('**/settings/billing?checkout=done')
    await page.getByText(/Your trial ends on/).waitFor({ timeout: 15_000 })
    expect(await text()).toMatch(/Plan Team[\s\S]*1 seat at €8 a month[\s\S]*5 of 50/)
    expect(await text()).toMatch(
      /API requests this month[\s\S]*of 250,000[\s\S]*€0\.50 for each further thousand/,
    )
    await picture('trial')
  })

  it('has what it pays for from the next request on', async () => {
    await newProject('ABX')
    await page.waitForURL('**/projects/*')
    await visit(page, '/settings/audit')
    expect(await text()).toContain('project.create')
  })

  it('is asked for another way of payment when the end of the trial cannot be charged, on every page', async () => {
    await billing()
    await page.getByRole('button', { name: 'Payment method, address and tax ID' }).click()
    await page.waitForURL(`${sandbox.origin}/portal/**`)
    await fillCard(failsLater)
    await page.getByRole('button', { name: 'Use this card' }).click()
    await page.getByText('0341').waitFor()
    await control.moveClock({ days: 14, seconds: 2 * 3_600 })
    await untilBillingSays(/last payment failed[\s\S]*Open[\s\S]*€9\.52/)
    await visit(page, '/dashboard')
    expect(await text()).toContain('Your organisation has an unpaid invoice.')
    await newProject('ABY')
    await page.waitForURL('**/projects/*')
    await billing()
    await picture('past-due')
  })

  it('has its owner written to of the payment that failed, once', async () => {
    const mails = async () => {
      await visit(page, '/dev/mail')
      return (await text()).split('A payment for Analytical Engines failed').length - 1
    }
    await expect.poll(mails).toBe(1)
    expect(await text()).toMatch(/could not charge the invoice [\w-]+ of €9\.52\. This was try 1\./)
    await picture('mail')
  })

  it('can only read once the time to pay is over, and is told so', async () => {
    await expect
      .poll(
        async () => {
          // What two weeks more would bring: Worklane's own clock cannot be moved. A reading that was still under way
          // puts it back to what Stripe says.
          await sql("update organisations set read_only_at = date_trunc('day', now()) - interval '1 day'")
          await newProject('ABZ')
          const refusal = page.getByRole('alert').filter({ hasText: 'only read' })
          await refusal.waitFor({ timeout: 2_000 }).catch(() => {})
          return refusal.count()
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    expect(await page.getByRole('alert').filter({ hasText: 'only read' }).textContent()).toMatch(
      /Go to billing$/,
    )
    await visit(page, '/settings/organisation')
    await page.getByRole('link', { name: 'Download' }).waitFor()
    await billing()
    await picture('read-only')
  })

  it('is as before within one request of its payment', async () => {
    await billing()
    await page.getByRole('link', { name: /^Pay the invoice/ }).click()
    await fillCard(good)
    await page.getByRole('button', { name: 'Pay' }).click()
    await page.getByText(': paid').waitFor()
    await expect
      .poll(async () => (await sql('select read_only_at from organisations'))[0].read_only_at, {
        timeout: 15_000,
      })
      .toBeNull()
    await newProject('ABZ')
    await page.waitForURL('**/projects/*')
    await billing()
    expect(await text()).toMatch(/Plan Team[\s\S]*next invoice is due[\s\S]*Paid/)
    await picture('paid')
  })

  it('downloads its invoice', async () => {
    const link = page.getByRole('link', { name: /^Download the PDF of invoice/ }).first()
    const pdf = await fetch((await link.getAttribute('href')) ?? '')
    expect(pdf.headers.get('content-type')).toBe('application/pdf')
    expect((await pdf.text()).slice(0, 5)).toBe('%PDF-')
  })

  it('cancels for the end of the period, and resumes', async () => {
    const portal = async (button: string) => {
      await billing()
      await page.getByRole('button', { name: 'Payment method, address and tax ID' }).click()
      await page.waitForURL(`${sandbox.origin}/portal/**`)
      await page.getByRole('button', { name: button }).click()
    }
    await portal('Cancel at the end of the period')
    await untilBillingSays(/Your subscription is cancelled and ends on/)
    await portal('Do not cancel')
    await untilBillingSays(/next invoice is due/)
  })

  it('pays what it owes after its subscription has ended, before it begins another', async () => {
    const owing = async () => {
      // Worklane's own clock cannot be moved. A reading that was still under way puts it back to what Stripe says.
      await sql("update subscriptions set status = 'canceled'")
      await sql("update invoices set status = 'uncollectible'")
      await sql("update organisations set plan = 'free', read_only_at = now() + interval '5 days'")
      await billing()
      return text()
    }
    await expect.poll(owing, { timeout: 15_000 }).toMatch(/Pay it below by[\s\S]*Pay it first, then you can/)
    expect(await page.getByRole('link', { name: /^Pay the invoice/ }).count()).toBeGreaterThan(0)
    expect(await page.getByRole('button', { name: 'Choose Team' }).count()).toBe(0)
    await picture('owing-after-the-end')
  })

  it('is told in one sentence that payments are not available, while Stripe is away', async () => {
    await control.break([{ kind: 'error' }])
    await billing()
    await page.getByRole('button', { name: 'Payment method, address and tax ID' }).click()
    await page.getByText('Payments are not available at the moment. Nothing was charged').waitFor()
    await control.break([])
    expect(complaints).toEqual([])
  })
})
