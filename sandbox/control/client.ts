import { z } from 'zod'
import type { Fault } from '../http/faults.ts'
import type { DeliveryOptions } from '../webhooks/options.ts'
import {
  CheckoutOutcome,
  type ClockCommand,
  ControlState,
  DeliveryLog,
  type SettingsCommand,
  type SubscribersCommand,
} from './commands.ts'

/** Moves and breaks a sandbox, for tests. */
export class SandboxControl {
  readonly #origin: string
  readonly #controlKey: string

  constructor({ origin, controlKey }: { origin: string; controlKey: string }) {
    this.#origin = origin
    this.#controlKey = controlKey
  }

  state(): Promise<ControlState> {
    return this.#ask('state', undefined, ControlState)
  }

  /** Everything that is due until then happens, in order, before it answers. */
  moveClock(command: ClockCommand): Promise<ControlState> {
    return this.#ask('clock', command, ControlState)
  }

  set(settings: SettingsCommand): Promise<ControlState> {
    return this.#ask('settings', settings, ControlState)
  }

  /** What goes wrong with requests from now on; nothing, for an empty list. */
  break(faults: z.input<typeof Fault>[]): Promise<ControlState> {
    return this.#ask('faults', faults, ControlState)
  }

  /** How events are delivered from now on. */
  deliver(options: z.input<typeof DeliveryOptions>): Promise<ControlState> {
    return this.#ask('deliveries', options, ControlState)
  }

  /** Sends what was held back, in one burst. @param among see ReleaseCommand @returns how many */
  async release(order?: 'created' | 'random', among?: number): Promise<number> {
    const command = { order, among }
    const { released } = await this.#ask('deliveries/release', command, z.object({ released: z.int() }))
    return released
  }

  /** Makes many customers who have subscribed, as their own requests would. @returns their ids, in the same order */
  async subscribe(command: z.input<typeof SubscribersCommand>): Promise<string[]> {
    const answer = z.object({ customers: z.array(z.string()) })
    return (await this.#ask('subscribers', command, answer)).customers
  }

  async resend(event: string): Promise<number> {
    return (await this.#ask('deliveries/resend', { event }, z.object({ sent: z.int() }))).sent
  }

  async deliveries(): Promise<z.infer<typeof DeliveryLog>['deliveries']> {
    return (await this.#ask('deliveries', undefined, DeliveryLog)).deliveries
  }

  /** What a card's holder answers. @returns the intent's state after it */
  async authenticate(intent: string, confirmed = true): Promise<string> {
    return (await this.#ask('authenticate', { intent, confirmed }, z.object({ status: z.string() }))).status
  }

  async dispute(charge: string, reason?: string): Promise<string> {
    return (await this.#ask('disputes', { charge, reason }, z.object({ dispute: z.string() }))).dispute
  }

  /** What the hosted page does, without a browser. */
  checkOut(
    session: string,
    more: { number?: string; email?: string; name?: string } = {},
  ): Promise<CheckoutOutcome> {
    return this.#ask('checkout', { session, ...more }, CheckoutOutcome)
  }

  async #ask<Answer>(path: string, body: unknown, answer: z.ZodType<Answer>): Promise<Answer> {
    const response = await fetch(`${this.#origin}/_sandbox/${path}`, {
      headers: { Authorization: `Bearer ${this.#controlKey}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`the payments sandbox refused ${path} (${response.status}): ${text}`)
    return answer.parse(JSON.parse(text))
  }
}
