import { unit } from '@headroom/fixtures/random.ts'
import type { RunningSandbox } from '@headroom/payments-sandbox/server.ts'
import { ensureCatalogue, priceOf } from '@worklane/domain/billing/catalogue.ts'
import { intervals, paidPlans } from '@worklane/domain/billing/plans.ts'
import { isLive } from '@worklane/domain/billing/reading.ts'
import Stripe from 'stripe'
import type { Organisation } from './organisations.ts'

/** Draws numbers from 0 to 1, the same for a seed. */
export function draws(seed: number): () => number {
  let drawn = 0
  return () => unit(seed, drawn++)
}

/** What happens at Stripe to some customers, by chance: each step is what one of them, or time, does. */
export class History {
  readonly #running: RunningSandbox
  readonly #stripe: Stripe
  readonly #organisations: readonly Organisation[]
  readonly #draw: () => number

  constructor(
    running: RunningSandbox,
    stripe: Stripe,
    organisations: readonly Organisation[],
    draw: () => number,
  ) {
    this.#running = running
    this.#stripe = stripe
    this.#organisations = organisations
    this.#draw = draw
  }

  /** Everybody subscribes, with a seat for each of their people. */
  async begin(): Promise<void> {
    await ensureCatalogue(this.#stripe)
    for (const organisation of this.#organisations) {
      await this.#card(organisation, 'pm_card_visa')
      await this.#subscribe(organisation)
    }
  }

  /** One thing happens; what Stripe refuses does not. */
  async step(): Promise<void> {
    const { sandbox } = this.#running
    const move = this.#draw()
    if (move < 0.12) return sandbox.advance(sandbox.clock, sandbox.clock.now + this.#below(12 * 86_400))
    // Seconds are what Stripe counts in: now and then two things happen in the same.
    if (move < 0.8) sandbox.advance(sandbox.clock, sandbox.clock.now + this.#below(3_600))
    const organisation = this.#pick(this.#organisations)
    const acts = [this.#changePlan, this.#changeCard, this.#cancel, this.#refund, this.#settle, this.#bill]
    try {
      await this.#pick(acts).call(this, organisation)
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeError)) throw error
    }
  }

  async #card({ customer }: Organisation, card: string): Promise<void> {
    const { id } = await this.#stripe.paymentMethods.attach(card, { customer })
    await this.#stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  }

  async #price(): Promise<string> {
    return (await priceOf(this.#stripe, this.#pick(paidPlans), this.#pick(intervals))).id
  }

  async #subscribe({ customer, people }: Organisation): Promise<void> {
    await this.#stripe.subscriptions.create({
      customer,
      items: [{ price: await this.#price(), quantity: people.length }],
      payment_behavior: 'allow_incomplete',
    })
  }

  async #live({ customer }: Organisation): Promise<Stripe.Subscription | undefined> {
    const { data } = await this.#stripe.subscriptions.list({ customer, status: 'all', limit: 100 })
    return data.find(isLive)
  }

  async #changePlan(organisation: Organisation): Promise<void> {
    const live = await this.#live(organisation)
    if (!live) return this.#subscribe(organisation)
    const item = live.items.data[0]?.id as string
    const isNow = this.#draw() < 0.5
    await this.#stripe.subscriptions.update(live.id, {
      items: [{ id: item, price: await this.#price(), quantity: organisation.people.length }],
      proration_behavior: isNow ? 'always_invoice' : 'create_prorations',
    })
  }

  async #changeCard(organisation: Organisation): Promise<void> {
    await this.#card(organisation, this.#draw() < 0.4 ? 'pm_card_chargeCustomerFail' : 'pm_card_visa')
  }

  async #cancel(organisation: Organisation): Promise<void> {
    const live = await this.#live(organisation)
    if (!live) return
    if (this.#draw() < 0.2) await this.#stripe.subscriptions.cancel(live.id)
    else
      await this.#stripe.subscriptions.update(live.id, { cancel_at_period_end: !live.cancel_at_period_end })
  }

  async #refund({ customer }: Organisation): Promise<void> {
    const { data } = await this.#stripe.charges.list({ customer, limit: 100 })
    const paid = data.filter((charge) => charge.paid && charge.amount > charge.amount_refunded)
    if (paid.length === 0) return
    const { id, amount, amount_refunded: refunded } = this.#pick(paid)
    const left = amount - refunded
    await this.#stripe.refunds.create({
      charge: id,
      amount: this.#draw() < 0.3 ? left : 1 + this.#below(left),
    })
  }

  /** An open bill is paid, written off, or void. */
  async #settle({ customer }: Organisation): Promise<void> {
    const { data } = await this.#stripe.invoices.list({ customer, limit: 100 })
    const owed = data.filter(({ status }) => status === 'open' || status === 'uncollectible')
    if (owed.length === 0) return
    const { id } = this.#pick(owed) as { id: string }
    const how = this.#draw()
    if (how < 0.3) await this.#stripe.invoices.markUncollectible(id)
    else if (how < 0.4) await this.#stripe.invoices.voidInvoice(id)
    else {
      const good = await this.#stripe.paymentMethods.attach('pm_card_visa', { customer })
      await this.#stripe.invoices.pay(id, { payment_method: good.id })
    }
  }

  /** Something beside the subscription is billed, or credited. */
  async #bill({ customer }: Organisation): Promise<void> {
    const amount = this.#below(20_000) - 4_000
    await this.#stripe.invoiceItems.create({ customer, amount, currency: 'eur' })
    const draft = await this.#stripe.invoices.create({
      customer,
      pending_invoice_items_behavior: 'include',
      auto_advance: false,
    })
    await this.#stripe.invoices.finalizeInvoice(draft.id as string)
    if (this.#draw() < 0.5) await this.#stripe.invoices.pay(draft.id as string)
  }

  #below(bound: number): number {
    return Math.floor(this.#draw() * bound)
  }

  #pick<Item>(list: readonly Item[]): Item {
    return list[this.#below(list.length)] as Item
  }
}
