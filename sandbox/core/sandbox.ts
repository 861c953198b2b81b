import { invalid, missing, missingParameter } from '../http/errors.ts'
import { blank } from '../openapi/blank.ts'
import type { SessionPlan } from '../resources/checkout-quote.ts'
import type { MeterEvent } from '../resources/meters.ts'
import type { PendingUpdate } from '../resources/pending-updates.ts'
import type { ItemDebit } from '../resources/proration.ts'
import type { TestCard } from '../resources/test-cards.ts'
import { Clock, type Due } from './clock.ts'
import { difference } from './difference.ts'
import { Ids } from './ids.ts'
import { kinds } from './kinds.ts'
import type { Seconds } from './objects/base.ts'
import type { Tier } from './objects/catalog.ts'
import type { StripeEvent } from './objects/events.ts'
import type { Kind, Resources } from './resources.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { Table, type Undo } from './table.ts'

/** The version whose shapes the sandbox speaks: the one that the pinned SDK asks for. */
export const apiVersion = '2026-10-28.endive'

export type SandboxOptions = {
  /** Makes ids and random choices repeatable. */
  seed?: string
  /** Where its clock stands at the start; now unless given. */
  start?: Seconds
  /** Whether the clock stands still until it is moved. */
  frozen?: boolean
  settings?: Partial<Settings>
}

type Listener = (object: never, event: StripeEvent) => void

const realNow = () => Math.floor(Date.now() / 1000)

/** One account of Stripe's, in memory: its objects, its clocks, and what happens when one of them changes. */
export class Sandbox {
  readonly ids: Ids
  readonly clock: Clock
  readonly settings: Settings
  /** Which subscription an item is of. */
  readonly itemOwners = new Map<string, string>()
  readonly deletedCustomers = new Set<string>()
  /** How the cards behind payment methods behave, and which of them were set up for payments without their holder. */
  readonly cards = new Map<string, TestCard>()
  readonly cardsSetUp = new Set<string>()
  /** What an object has that it shows only on request, or once. */
  readonly priceTiers = new Map<string, Tier[]>()
  readonly endpointSecrets = new Map<string, string>()
  readonly meterEvents = new Map<string, MeterEvent[]>()
  /** When each identifier came. */
  readonly meterIdentifiers = new Map<string, Seconds>()
  /** What a checkout session sells, and what waits for its customer to confirm. */
  readonly sessionPlans = new Map<string, SessionPlan>()
  readonly intentSessions = new Map<string, string>()
  /** Which invoice a payment intent pays, and the other way round. */
  readonly intentInvoices = new Map<string, string>()
  readonly invoiceIntents = new Map<string, string>()
  readonly invoicePayments = new Map<string, string>()
  /** What was last billed for the time that an item is in, without tax: a credit is a part of that. */
  readonly itemDebits = new Map<string, ItemDebit>()
  /** By the invoice that they wait for. */
  readonly pendingUpdates = new Map<string, PendingUpdate>()
  /** When each subscription's quantity changed in the last hour. */
  readonly quantityChanges = new Map<string, Seconds[]>()
  /** Who asks, for the events that come of it. */
  request: StripeEvent['request'] = null
  /** Told of errors of what happens by itself. */
  report: (error: unknown) => void = (error) => console.error(error)
  /** Where pages and files are served. */
  origin = ''
  readonly #tables = new Map<Kind, Table<{ id: string; customer?: unknown }>>()
  readonly #clocks = new Map<string, Clock>()
  readonly #listeners = new Map<string, Listener[]>()
  readonly #happenings = new Map<string, (id: string) => void>()
  readonly #observers: ((event: StripeEvent) => void)[] = []
  #undo: Undo[] | undefined
  #events: StripeEvent[] = []

  constructor({ seed, start, frozen = false, settings }: SandboxOptions = {}) {
    this.ids = new Ids(seed)
    this.clock = new Clock(null, start ?? realNow(), realNow)
    if (frozen) this.clock.freeze()
    this.settings = { ...defaultSettings, ...settings }
  }

  table<K extends Kind>(kind: K): Table<Resources[K]> {
    const kept =
      this.#tables.get(kind) ?? new Table<{ id: string; customer?: unknown }>((undo) => this.undo(undo))
    this.#tables.set(kind, kept)
    return kept as unknown as Table<Resources[K]>
  }

  find<K extends Kind>(kind: K, id: string | null | undefined): Resources[K] | undefined {
    return id ? this.table(kind).get(id) : undefined
  }

  /**
   * @param param where the id came from; without it, from the path
   * @throws StripeError resource_missing
   */
  get<K extends Kind>(kind: K, id: string | undefined, param?: string): Resources[K] {
    const row = this.find(kind, id)
    if (row) return row
    const { words } = kinds[kind]
    if (id === undefined) throw invalid(`Missing required param: ${param}.`, param, 'parameter_missing')
    throw param === undefined ? missing(words, id) : missingParameter(words, id, param)
  }

  /** An object with an id and a time, not yet kept. */
  make<K extends Kind>(kind: K, fields: Partial<Resources[K]>, clock: Clock = this.clock): Resources[K] {
    const id = this.ids.next(kinds[kind].prefix)
    return { ...blank(kind), object: kind, id, created: clock.now, ...fields } as unknown as Resources[K]
  }

  /** Keeps a new object, and tells of it. */
  create<K extends Kind>(kind: K, fields: Partial<Resources[K]>, clock: Clock = this.clock): Resources[K] {
    const row = this.table(kind).insert(this.make(kind, fields, clock))
    const { events } = kinds[kind]
    if (events) this.emit(`${events}.created`, row)
    return row
  }

  /**
   * Replaces fields, and tells of it where something differs.
   * @param event how the change is called; false where another event says it
   */
  change<K extends Kind>(
    kind: K,
    id: string,
    fields: Partial<Resources[K]>,
    event: string | false = `${kinds[kind].events}.updated`,
  ): Resources[K] {
    const before = this.get(kind, id)
    const after = { ...before, ...fields }
    const previous = difference(before, after)
    if (!previous) return before
    this.table(kind).replace(after)
    if (event && kinds[kind].events) this.emit(event, after, previous)
    return after
  }

  remove<K extends Kind>(kind: K, id: string): { id: string; object: K; deleted: true } {
    const row = this.get(kind, id)
    this.table(kind).remove(id)
    const { events } = kinds[kind]
    if (events) this.emit(`${events}.deleted`, row)
    return { id, object: kind, deleted: true }
  }

  /** Says what happened: first to those inside who wait for it, after the transaction to webhook endpoints. */
  emit(type: string, object: object, previous?: object): void {
    const event = this.make(
      'event',
      {
        api_version: apiVersion,
        data: previous ? { object, previous_attributes: previous } : { object },
        request: this.request ?? { id: null, idempotency_key: null },
        type,
      },
      this.clockOf(object),
    )
    this.table('event').insert(event)
    this.#events.push(event)
    for (const listener of this.#listeners.get(type) ?? []) listener(object as never, event)
  }

  /** @param listener gets the event's object, in the same transaction */
  on<Row extends object>(type: string, listener: (object: Row) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener as Listener])
  }

  /** @param observer gets every event once what it tells of is certain */
  observe(observer: (event: StripeEvent) => void): void {
    this.#observers.push(observer)
  }

  /** Registers what happens by itself; it looks at the object first, which may have changed since it was planned. */
  happens(kind: string, happening: (id: string) => void): void {
    this.#happenings.set(kind, happening)
  }

  /** The clock that an object lives by: its own test clock, its customer's, or the sandbox's. */
  clockOf(object: object): Clock {
    const { test_clock: own, customer } = object as { test_clock?: string | null; customer?: string | null }
    const id = own ?? this.find('customer', customer)?.test_clock
    return (id ? this.#clocks.get(id) : undefined) ?? this.clock
  }

  addClock(id: string, start: Seconds): Clock {
    const clock = new Clock(id, start)
    this.#clocks.set(id, clock)
    return clock
  }

  testClock(id: string): Clock {
    const clock = this.#clocks.get(id)
    if (!clock) throw missing('testhelpers test clock', id)
    return clock
  }

  /** Moves a clock on, and lets happen what is due, each in a transaction of its own. */
  advance(clock: Clock, to: Seconds): void {
    clock.advanceTo(to, (due) => this.transaction(() => this.#happen(due)))
  }

  /** What has become due by the real clock, or was planned for a time that is past. */
  catchUp(clock: Clock = this.clock): void {
    if ((clock.next ?? Number.POSITIVE_INFINITY) <= clock.now) this.advance(clock, clock.now)
  }

  /** All of the work's changes, or none: an error undoes them, unless it says that they stay. */
  transaction<Result>(work: () => Result): Result {
    if (this.#undo) return work()
    this.#undo = []
    try {
      const result = work()
      this.#commit()
      return result
    } catch (error) {
      if ((error as { keeps?: boolean }).keeps) this.#commit()
      else for (const undo of this.#undo.reverse()) undo()
      throw error
    } finally {
      this.#undo = undefined
      this.#events = []
    }
  }

  /** Works as a transaction does, looks at what comes of it, and takes all of it back. */
  tentatively<Result>(work: () => Result): Result {
    const [undo, events] = [this.#undo, this.#events]
    this.#undo = []
    this.#events = []
    try {
      return work()
    } finally {
      for (const step of this.#undo.reverse()) step()
      this.#undo = undo
      this.#events = events
    }
  }

  /** For state outside the tables: how the running transaction takes it back. */
  undo(undo: Undo): void {
    this.#undo?.push(undo)
  }

  #commit(): void {
    const events = this.#events
    this.#events = []
    for (const event of events) for (const observer of this.#observers) observer(event)
  }

  #happen({ kind, id }: Due): void {
    const happening = this.#happenings.get(kind)
    if (!happening) throw new Error(`nothing is known that happens as "${kind}"`)
    happening(id)
  }
}
