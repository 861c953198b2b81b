import { type Interval, type PaidPlan, plans } from '@worklane/domain/billing/plans.ts'
import type { Browser, Page } from 'playwright-core'
import type Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { fourLooks, takePictures, visit } from './testing/pages.ts'
import { type PaidStack, startPaidStack } from './testing/paid-stack.ts'

const [good, failsLater] = ['4242424242424242', '4000000000000341']
const day = 86_400

// What follows is reckoned here from the list of prices alone: by seconds, each line to the nearest cent, with the tax of
// Germany on each line.
const seat = (plan: PaidPlan, interval: Interval) => plans[plan].seat?.[interval] as number
const withTax = (...lines: number[]) => lines.reduce((sum, line) => sum + line + Math.round(line * 0.19), 0)
const euros = (cents: number) => `€${(cents / 100).toFixed(2).replace(/\.00$/, '')}`

describe('an admin who changes the plan', () => {
  let paid: PaidStack
  let sandbox: PaidStack['sandbox']
  let control: PaidStack['control']
  let stripe: PaidStack['stripe']
  let stack: PaidStack['stack']
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    // The trial of 14 days that begins now ends five days ago: Worklane's own clock is the real one.
    const start = Math.floor(Date.now() / 1000) - 19 * day
    paid = await startPaidStack(null, { seed: 'changes', start, frozen: true })
    ;({ sandbox, control, stripe, stack } = paid)
    browser = await launchChromium(await provideHeadless())
    page = await newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await paid?.stop()
  })

  async function newPage(): Promise<Page> {
    const viewport = { width: 1280, height: 860 }
    const made = await (await browser.newContext({ baseURL: stack.origin, viewport })).newPage()
    made.on('pageerror', ({ message }) => complaints.push(message))
    made.setDefaultTimeout(20_000)
    return made
  }
  const billing = () => visit(page, '/settings/billing')
  const main = async () => (await page.locator('main').textContent()) ?? ''
  const dialog = () => page.getByRole('dialog')
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click()
  /** Looks again, as somebody who waits does, until the page says so. */
  const untilBillingSays = (what: RegExp) =>
    expect
      .poll(
        async () => {
          await billing()
          return main()
        },
        { timeout: 40_000 },
      )
      .toMatch(what)
  /** The page follows by itself: nobody reloads it. */
  const untilPageSays = (what: RegExp) => expect.poll(main, { timeout: 40_000 }).toMatch(what)
  const fillCard = async (number: string) => {
    await page.getByLabel('Card number').fill(number)
    await page.getByLabel('Expiry').fill('12 / 34')
    await page.getByLabel('Security code').fill('123')
  }
  const changeCard = async (number: string) => {
    await page.waitForURL(`${sandbox.origin}/portal/**`)
    await fillCard(number)
    await press('Use this card')
    await page.getByText(number.slice(-4)).first().waitFor()
  }
  const subscription = async () => {
    const [one] = (await stripe.subscriptions.list({ status: 'all' })).data
    const [item] = one?.items.data ?? []
    if (!one || !item) throw new Error('there is no subscription')
    return { ...one, item }
  }
  const latestInvoice = async () => (await stripe.invoices.list({ limit: 1 })).data[0] as Stripe.Invoice
  /** What is left of the period, as a share of it. */
  const left = async () => {
    const { current_period_start: from, current_period_end: to } = (await subscription()).item
    return (to - (await control.state()).now) / (to - from)
  }
  /** In both colour schemes and on a phone; of an open dialog the window, otherwise the page. */
  const picture = (name: string, fullPage = true) =>
    takePictures(page, `billing-change-${name}`, fourLooks, { fullPage })

  it('begins with a trial, in which a change costs nothing', async () => {
    await visit(page, '/sign-up')
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('E-mail').fill('ada@example.test')
    await page.getByLabel('Password').fill('a password of ada')
    await page.getByLabel('Organisation').fill('Analytical Engines')
    await press('Create account')
    await page.waitForURL('**/onboarding')
    await billing()
    await picture('free')
    await press('Choose Team')
    await page.waitForURL(`${sandbox.origin}/checkout/**`)
    await fillCard(good)
    await page.getByLabel('Country').fill('DE')
    await press('Subscribe')
    await page.waitForURL('**/settings/billing?checkout=done')
    await untilBillingSays(/Your trial ends on/)
    await press('Upgrade to Business')
    await dialog().getByText('Your trial continues until').waitFor()
    await picture('trial', false)
    await dialog().getByRole('button', { name: 'Change now' }).click()
    await untilPageSays(/Plan Business[\s\S]*Your trial ends on/)
    await press('Change to Team')
    await dialog().getByRole('button', { name: 'Change now' }).click()
    await untilPageSays(/Plan Team[\s\S]*Your trial ends on/)
  })

  it('is shown what it costs, has the card declined, and nothing is changed', async () => {
    await control.moveClock({ days: 14, seconds: 2 * 3_600 })
    await untilBillingSays(/The next invoice is due on/)
    await press('Payment method, address and tax ID')
    await changeCard(failsLater)
    await control.moveClock({ days: 5, seconds: 1_234 })
    const share = await left()
    const cost = withTax(
      -Math.round(seat('team', 'month') * share),
      Math.round(seat('business', 'month') * share),
    )
    await billing()
    await picture('active')
    await press('Upgrade to Business')
    await dialog().getByText('Due today').waitFor()
    await picture('upgrade', false)
    const pay = dialog().getByRole('button', { name: `Pay ${euros(cost)} and change` })
    await pay.click()
    const refusal = dialog().getByRole('alert')
    await refusal.waitFor()
    expect(await refusal.textContent()).toMatch(/^Your card was declined\. Nothing was charged/)
    await picture('declined', false)
    expect((await subscription()).item.price.lookup_key).toBe('team_month')
    await dialog().getByRole('button', { name: 'Change the card' }).click()
    await changeCard(good)
  })

  it('pays by another card to the cent what was shown, and has the larger plan at once', async () => {
    const share = await left()
    const cost = withTax(
      -Math.round(seat('team', 'month') * share),
      Math.round(seat('business', 'month') * share),
    )
    await billing()
    // By keys alone.
    await page.getByRole('button', { name: 'Upgrade to Business' }).focus()
    await page.keyboard.press('Enter')
    await dialog().getByText('Due today').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog().count()).toBe(0)
    await page.getByRole('button', { name: 'Upgrade to Business' }).focus()
    await page.keyboard.press('Enter')
    const pay = dialog().getByRole('button', { name: `Pay ${euros(cost)} and change` })
    await pay.focus()
    await page.keyboard.press('Enter')
    await untilPageSays(/Plan Business[\s\S]*1 seat at €15 a month/)
    expect(await latestInvoice()).toMatchObject({ status: 'paid', amount_paid: cost })
    await page.getByText(euros(cost)).first().waitFor()
  })

  it('invites somebody, whose seat is on the next invoice to the cent', async () => {
    await page.goto('/dev/mail')
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Confirm your e-mail address' })
      .first()
      .getByRole('link', { name: 'Open the link' })
      .click()
    await page.getByRole('button', { name: 'Sign in to Worklane' }).click()
    await page.waitForURL('**/dashboard')
    await visit(page, '/settings/members')
    await page.getByLabel('E-mail').fill('bob@example.test')
    await press('Send invitation')
    await page.getByText('on its way to bob@example.test').waitFor()
    const bob = await newPage()
    const mail = bob.getByRole('listitem').filter({ hasText: 'Ada Lovelace invites you' })
    await expect.poll(async () => bob.goto('/dev/mail').then(() => mail.count()), { timeout: 30_000 }).toBe(1)
    const share = await left()
    await mail.getByRole('link', { name: 'Open the link' }).click()
    await bob.getByRole('link', { name: 'Create an account' }).click()
    await bob.getByLabel('Your name').fill('Bob Babbage')
    await bob.getByLabel('Password').fill('a password of bob')
    await bob.getByRole('button', { name: 'Create account' }).click()
    await bob.waitForURL('**/dashboard')
    await bob.context().close()
    await untilBillingSays(/2 seats at €15 a month/)
    const business = seat('business', 'month')
    const lines = [-Math.round(business * share), Math.round(2 * business * share)]
    const waiting = await stripe.invoiceItems.list({ pending: true })
    expect(waiting.data.map(({ amount }) => amount).sort((a, b) => a - b)).toEqual(lines)
    await control.moveClock({ months: 1, seconds: 2 * 3_600 })
    expect(await latestInvoice()).toMatchObject({ status: 'paid', total: withTax(...lines, 2 * business) })
  })

  it('pays yearly, goes back to months at the end of the year, and takes that back', async () => {
    await untilBillingSays(/The next invoice is due on/)
    await press('Change to Team')
    await dialog()
      .getByRole('button', { name: /^Change on/ })
      .click()
    await untilPageSays(/it changes to Team, paid monthly/)
    await page.getByText('yearly').first().click()
    await picture('yearly')
    const share = await left()
    const cost = withTax(-Math.round(2 * seat('business', 'month') * share), 2 * seat('business', 'year'))
    await press('Pay yearly')
    await dialog().getByText('This change replaces the scheduled one').waitFor()
    await picture('drops', false)
    await dialog()
      .getByRole('button', { name: `Pay ${euros(cost).replace(/(\d)(\d{3}\.)/, '$1,$2')} and change` })
      .click()
    await untilPageSays(/2 seats at €150 a year/)
    expect(await latestInvoice()).toMatchObject({ status: 'paid', amount_paid: cost })
    await page.getByText('monthly').first().click()
    await press('Pay monthly')
    await dialog().getByText('You pay nothing today').waitFor()
    await picture('to-monthly', false)
    await dialog()
      .getByRole('button', { name: /^Change on/ })
      .click()
    await untilPageSays(/it changes to Business, paid monthly/)
    await picture('scheduled')
    await press('Keep the current plan')
    await dialog().getByRole('button', { name: 'Keep the current plan' }).click()
    await untilPageSays(/The next invoice is due on/)
    expect((await subscription()).schedule).toBeNull()
  })

  it('has the smaller plan from the end of the period on, and the larger one until then', async () => {
    await page.getByText('monthly').first().click()
    await press('Change to Team')
    await dialog()
      .getByRole('button', { name: /^Change on/ })
      .click()
    await untilPageSays(/Plan Business[\s\S]*it changes to Team, paid monthly/)
    await control.moveClock({ months: 12, seconds: 2 * 3_600 })
    await untilBillingSays(/Plan Team[\s\S]*2 seats at €8 a month/)
    expect(await latestInvoice()).toMatchObject({ status: 'paid', total: withTax(2 * seat('team', 'month')) })
  })

  it('cancels, sees until when, and resumes', async () => {
    await press('Cancel the subscription')
    await picture('cancel', false)
    await dialog().getByRole('button', { name: 'Cancel the subscription' }).click()
    await untilPageSays(/Your subscription is cancelled and ends on/)
    expect(await main()).toContain('Resume it first, then you can change the plan.')
    await picture('cancelled')
    await press('Resume the subscription')
    await dialog().getByRole('button', { name: 'Resume the subscription' }).click()
    await page.getByRole('button', { name: 'Cancel the subscription' }).waitFor({ timeout: 40_000 })
    expect((await subscription()).cancel_at_period_end).toBe(false)
  })

  it('is told in one sentence while Stripe is away', async () => {
    await control.break([{ kind: 'error' }])
    await press('Upgrade to Business')
    await dialog().getByText('Payments are not available at the moment. Nothing was charged').waitFor()
    await picture('away', false)
    await control.break([])
    expect(complaints).toEqual([])
  })

  it('is shown the prices on a page that can be looked at', async () => {
    await visit(page, '/pricing')
    await picture('pricing')
  })
})
