import Stripe from 'stripe'
import type { StripeEvent, WebhookEndpoint } from '../core/objects/events.ts'
import type { Sandbox } from '../core/sandbox.ts'
import { asSent } from '../http/api.ts'
import { hour } from '../resources/calendar.ts'
import { DeliveryOptions } from './options.ts'

/** One try to deliver an event, for tests to look at. */
export type Delivery = {
  event: string
  type: string
  endpoint: string
  attempt: number
  status: number | 'failed'
}

type Outgoing = { event: StripeEvent; endpoint: WebhookEndpoint; attempt: number }

/**
 * Seconds after each failed delivery until the next: Stripe tries for up to three days, with growing pauses
 * (https://docs.stripe.com/webhooks#retries). By the sandbox's clock.
 */
const pauses = [60, 300, 1_800, 2 * hour, 5 * hour, 10 * hour, 12 * hour, 12 * hour, 12 * hour, 12 * hour]

/** Milliseconds by which a timer may be late, and the pace is kept all the same. */
const lateness = 100

/** How many deliveries are remembered at least. */
const kept = 10_000

/** Sends each event to every endpoint that wants it, signed by the SDK's own signer, and again where it did not arrive. */
export class Deliveries {
  readonly log: Delivery[] = []
  #options = DeliveryOptions.parse({})
  readonly #sandbox: Sandbox
  readonly #stripe = new Stripe('sk_test_signer')
  #held: Outgoing[] = []
  #waiting: Outgoing[] = []
  #running = 0
  /** When the next one may begin, where there is a bound; epoch milliseconds. */
  #nextAt = 0
  #pacing: NodeJS.Timeout | undefined
  readonly #retries = new Map<string, Outgoing>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #isClosed = false

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
    sandbox.observe((event) => this.#send(event))
    sandbox.happens('webhook.retry', (id) => {
      const outgoing = this.#retries.get(id)
      this.#retries.delete(id)
      if (outgoing) this.#enqueue(outgoing)
    })
  }

  get options(): DeliveryOptions {
    return this.#options
  }

  /** Held events stay held until `release`. */
  set(options: DeliveryOptions): void {
    this.#options = options
  }

  /**
   * Sends all that is held, as fast as the endpoints take it, or as `perSecond` says.
   * @param among of a random order, among how many neighbours each is shuffled; all unless given
   * @returns how many
   */
  release(order: 'created' | 'random' = this.#options.order, among?: number): number {
    const held = this.#held
    this.#held = []
    const sorted = order === 'random' ? this.#shuffled(held, among ?? held.length) : held
    for (const outgoing of sorted) this.#enqueue(outgoing)
    return sorted.length
  }

  /** Sends an event again, as the button in Stripe's dashboard does. */
  resend(id: string): number {
    const event = this.#sandbox.get('event', id)
    const outgoing = this.#endpointsFor(event).map((endpoint) => ({ event, endpoint, attempt: 1 }))
    for (const one of outgoing) this.#enqueue(one)
    return outgoing.length
  }

  /** What is neither delivered nor given up. */
  get pending(): { held: number; sending: number; retrying: number } {
    return {
      held: this.#held.length,
      sending: this.#waiting.length + this.#running + this.#timers.size,
      retrying: this.#retries.size,
    }
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    clearTimeout(this.#pacing)
    this.#waiting = []
  }

  #send(event: StripeEvent): void {
    const { drop, copies, hold } = this.#options
    for (const endpoint of this.#endpointsFor(event)) {
      this.#count(event, 1)
      if (drop > 0 && this.#share() < drop) continue
      const times = copies.min + Math.floor(this.#share() * (copies.max - copies.min + 1))
      for (let copy = 0; copy < times; copy++) {
        const outgoing = { event, endpoint, attempt: 1 }
        if (hold) this.#held.push(outgoing)
        else this.#later(outgoing)
      }
    }
  }

  /** At once, or late where that was asked for; those of a random order come late by chance. */
  #later(outgoing: Outgoing): void {
    const { delay, order } = this.#options
    const spread = order === 'random' ? Math.max(delay.max - delay.min, 500) : delay.max - delay.min
    const milliseconds = delay.min + (spread > 0 ? Math.floor(this.#share() * spread) : 0)
    if (milliseconds === 0) this.#enqueue(outgoing)
    else this.#after(milliseconds, () => this.#enqueue(outgoing))
  }

  #enqueue(outgoing: Outgoing): void {
    if (this.#isClosed) return
    this.#waiting.push(outgoing)
    this.#pump()
  }

  #pump(): void {
    while (this.#running < this.#options.concurrency && this.#waiting.length > 0 && this.#isInPace()) {
      const next = this.#waiting.shift() as Outgoing
      this.#running++
      void this.#deliver(next).finally(() => {
        this.#running--
        this.#pump()
      })
    }
  }

  /** Whether one may begin now, where so many a second may; if not, the pump is started again when it may. */
  #isInPace(): boolean {
    const { perSecond } = this.#options
    if (perSecond === null) return true
    const now = Date.now()
    if (now < this.#nextAt) {
      this.#pacing ??= setTimeout(() => {
        this.#pacing = undefined
        this.#pump()
      }, this.#nextAt - now)
      return false
    }
    // Timers come late: what was missed meanwhile is made up for, up to so much of it.
    this.#nextAt = Math.max(this.#nextAt, now - lateness) + 1_000 / perSecond
    return true
  }

  async #deliver(outgoing: Outgoing): Promise<void> {
    const event = this.#sandbox.find('event', outgoing.event.id) ?? outgoing.event
    // As it is now: it may have moved, or be gone.
    const endpoint = this.#sandbox.find('webhook_endpoint', outgoing.endpoint.id)
    if (endpoint?.status !== 'enabled') return
    const payload = JSON.stringify(event, asSent, 2)
    const secret = this.#sandbox.endpointSecrets.get(endpoint.id) ?? ''
    const signature = await this.#stripe.webhooks.generateTestHeaderStringAsync({ payload, secret })
    const status = await this.#post(endpoint.url, payload, signature)
    const { attempt } = outgoing
    this.log.push({ event: event.id, type: event.type, endpoint: endpoint.id, attempt, status })
    if (this.log.length > 2 * kept) this.log.splice(0, kept)
    if (status !== 'failed' && status >= 200 && status < 300) this.#count(event, -1)
    else this.#retry(outgoing)
  }

  async #post(url: string, body: string, signature: string): Promise<number | 'failed'> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(this.#options.timeout),
        headers: {
          'Content-Type': 'application/json; charset=utf-8',
          'Stripe-Signature': signature,
          'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        },
      })
      await response.arrayBuffer()
      return response.status
    } catch {
      // Nobody there, too slow, or cut off: to Stripe all the same.
      return 'failed'
    }
  }

  #retry(outgoing: Outgoing): void {
    if (this.#isClosed) return
    const { attempt } = outgoing
    const again = { ...outgoing, attempt: attempt + 1 }
    const { retries } = this.#options
    if (retries.kind === 'quick') {
      if (attempt <= retries.times)
        this.#after(retries.first * 2 ** (attempt - 1), () => this.#enqueue(again))
      return
    }
    const pause = pauses[attempt - 1]
    const { clock } = this.#sandbox
    if (pause === undefined) return
    const id = this.#sandbox.ids.next('try')
    this.#retries.set(id, again)
    clock.schedule(clock.now + pause, 'webhook.retry', id)
  }

  #endpointsFor({ type }: StripeEvent): WebhookEndpoint[] {
    return [...this.#sandbox.table('webhook_endpoint').oldestFirst()].filter(
      ({ status, enabled_events: wanted }) =>
        status === 'enabled' && (wanted.includes('*') || wanted.includes(type)),
    )
  }

  /** How many endpoints have not taken an event yet. */
  #count({ id }: StripeEvent, by: number): void {
    const event = this.#sandbox.find('event', id)
    if (event)
      this.#sandbox.change('event', id, { pending_webhooks: Math.max(0, event.pending_webhooks + by) }, false)
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, milliseconds)
    this.#timers.add(timer)
  }

  #shuffled<Row>(rows: readonly Row[], among: number): Row[] {
    return rows
      .map((row, place) => ({ row, place: place + among * this.#share() }))
      .sort((a, b) => a.place - b.place)
      .map(({ row }) => row)
  }

  #share(): number {
    return this.#sandbox.ids.share()
  }
}
