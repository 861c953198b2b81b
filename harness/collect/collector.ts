import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { add, addAll, type Histogram } from '@headroom/loadtests/wire/histogram.ts'
import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import {
  type ErrorClass,
  type Example,
  errorClasses,
  type Flow,
  type Message,
  noFlow,
  type Over,
  type Phase,
} from '@headroom/loadtests/wire/message.ts'
import { z } from 'zod'

const Buckets = z.array(z.number().int())
const Count = z.number().int().nonnegative()
const PhaseName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be the name of a stage')
const Milliseconds = z.number().nonnegative()

const MessageSchema: z.ZodType<Message> = z.object({
  vu: Count,
  sequence: Count,
  final: z.boolean(),
  startedAt: z.number(),
  activeUsers: Count,
  inFlight: Count,
  queued: Count,
  streams: Count,
  lostUsers: Count,
  lag: z.record(PhaseName, Buckets),
  late: z.record(PhaseName, Count),
  waits: z.record(PhaseName, Buckets),
  flow: z.record(
    PhaseName,
    z.object({
      present: Milliseconds,
      responding: Milliseconds,
      thinking: Milliseconds,
      steps: Count,
      ended: Count,
      told: Milliseconds,
      clock: Milliseconds,
    }),
  ),
  routes: z.array(
    z.object({
      route: z.string().max(200),
      phase: PhaseName,
      window: Count,
      latency: Buckets,
      ttfb: Buckets,
      errors: z.partialRecord(z.enum(errorClasses), Count),
      over: z.object({ ttfb: Count, latency: Count }),
      waited: z.object({
        ttfb: Buckets,
        latency: Buckets,
        without: z.object({ ttfb: Buckets, latency: Buckets }),
      }),
    }),
  ),
  groups: z.array(
    z.object({ group: z.string().max(100), phase: PhaseName, latency: Buckets, errors: Count }),
  ),
  probes: Count,
  leaked: Count,
  examples: z.array(
    z.object({
      route: z.string().max(200),
      class: z.enum(errorClasses),
      request: z.string(),
      status: Count,
      why: z.string(),
      body: z.string(),
    }),
  ),
  leaks: z.array(z.object({ route: z.string(), user: Count, canary: z.string() })),
})

export type RouteTally = {
  latency: Histogram
  ttfb: Histogram
  errors: Map<ErrorClass, number>
  over: Over
  /** Of those that waited for one of the generator's own connections: as it was, and without that wait. */
  waited: { ttfb: Histogram; latency: Histogram; without: { ttfb: Histogram; latency: Histogram } }
}
type GroupTally = { latency: Histogram; errors: number }

/** What a VU said last, and which of its messages came. */
export type VuState = Pick<
  Message,
  'activeUsers' | 'inFlight' | 'queued' | 'streams' | 'lostUsers' | 'final'
> & {
  /** Most users at once. */
  peakUsers: number
  /** All before this one came. */
  next: number
  /** Those that overtook a slower one. */
  ahead: Set<number>
  /** The highest that came. */
  last: number
}

const idle = {
  activeUsers: 0,
  peakUsers: 0,
  inFlight: 0,
  queued: 0,
  streams: 0,
  lostUsers: 0,
  final: false,
}

/** Messages that must have been sent and never came. */
export const lostMessages = ({ vus }: Collected): number =>
  [...vus.values()].reduce((lost, { next, ahead, last }) => lost + (last + 1 - next - ahead.size), 0)

/** Everything the VUs have told so far. Its size depends on routes and phases, never on how long a run is. */
export type Collected = {
  startedAt: number | null
  routes: Map<Phase, Map<string, RouteTally>>
  groups: Map<Phase, Map<string, GroupTally>>
  lag: Map<Phase, Histogram>
  late: Map<Phase, number>
  waits: Map<Phase, Histogram>
  flow: Map<Phase, Flow>
  /** VU → what it said last. */
  vus: Map<number, VuState>
  /** Messages that could not be read, or came from somebody else. */
  refused: number
  probes: number
  leaked: number
  /** A few of them. */
  leaks: Message['leaks']
  /** One of each kind of error of each route. */
  examples: Example[]
}

export const nothing = (): Collected => ({
  startedAt: null,
  routes: new Map(),
  groups: new Map(),
  lag: new Map(),
  late: new Map(),
  waits: new Map(),
  flow: new Map(),
  vus: new Map(),
  refused: 0,
  probes: 0,
  leaked: 0,
  leaks: [],
  examples: [],
})

const leaksKept = 20

/**
 * Merges a message, exactly: counts are added, percentiles are made from their sums at the end.
 * @returns false for one that was counted already
 */
export function merge(into: Collected, message: Message): boolean {
  into.startedAt = Math.min(into.startedAt ?? message.startedAt, message.startedAt)
  const vu = into.vus.get(message.vu) ?? { next: 0, ahead: new Set<number>(), last: -1, ...idle }
  into.vus.set(message.vu, vu)
  // Adding it again would double what it tells.
  if (message.sequence < vu.next || vu.ahead.has(message.sequence)) return false
  note(vu, message)
  for (const { route, phase, latency, ttfb, errors, over, waited } of message.routes) {
    const tally = tallyOf(into.routes, phase, route)
    add(tally.latency, latency)
    add(tally.ttfb, ttfb)
    tally.over.ttfb += over.ttfb
    tally.over.latency += over.latency
    for (const what of ['ttfb', 'latency'] as const) {
      add(tally.waited[what], waited[what])
      add(tally.waited.without[what], waited.without[what])
    }
    for (const [kind, count] of Object.entries(errors) as [ErrorClass, number][]) {
      tally.errors.set(kind, (tally.errors.get(kind) ?? 0) + count)
    }
  }
  for (const { group, phase, latency, errors } of message.groups) {
    const tally = entry(
      entry(into.groups, phase, () => new Map<string, GroupTally>()),
      group,
      noGroup,
    )
    add(tally.latency, latency)
    tally.errors += errors
  }
  for (const what of ['lag', 'waits'] as const)
    for (const [phase, buckets] of Object.entries(message[what]))
      add(
        entry(into[what], phase, () => new Map()),
        buckets,
      )
  for (const [phase, late] of Object.entries(message.late))
    into.late.set(phase, (into.late.get(phase) ?? 0) + late)
  for (const [phase, flow] of Object.entries(message.flow)) {
    const sum = entry(into.flow, phase, noFlow)
    for (const key of Object.keys(flow) as (keyof Flow)[]) sum[key] += flow[key]
  }
  into.probes += message.probes
  into.leaked += message.leaked
  for (const example of message.examples) keepExample(into.examples, example)
  into.leaks.push(...message.leaks.slice(0, leaksKept - into.leaks.length))
  return true
}

/** The first of its kind, or the first of which the answer was read. */
function keepExample(examples: Example[], example: Example): void {
  const place = examples.findIndex((each) => each.route === example.route && each.class === example.class)
  if (place < 0) examples.push(example)
  else if (examples[place]?.body === '' && example.body !== '') examples[place] = example
}

const noGroup = (): GroupTally => ({ latency: new Map(), errors: 0 })
export const noTally = (): RouteTally => ({
  latency: new Map(),
  ttfb: new Map(),
  errors: new Map(),
  over: { ttfb: 0, latency: 0 },
  waited: { ttfb: new Map(), latency: new Map(), without: { ttfb: new Map(), latency: new Map() } },
})

/** The first with what the second holds as well. */
export function mergeTallies(into: RouteTally, tally: RouteTally): RouteTally {
  for (const what of ['ttfb', 'latency'] as const) {
    addAll(into[what], tally[what])
    addAll(into.waited[what], tally.waited[what])
    addAll(into.waited.without[what], tally.waited.without[what])
    into.over[what] += tally.over[what]
  }
  for (const [kind, n] of tally.errors) into.errors.set(kind, (into.errors.get(kind) ?? 0) + n)
  return into
}

/** The value of a key, made when there is none yet. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

/** Two messages of one VU can overtake each other: only one that never comes is a loss. */
function note(vu: VuState, message: Message): void {
  const { sequence, activeUsers, inFlight, queued, streams, lostUsers, final } = message
  vu.ahead.add(sequence)
  while (vu.ahead.delete(vu.next)) vu.next++
  if (sequence > vu.last)
    Object.assign(vu, { last: sequence, activeUsers, inFlight, queued, streams, lostUsers })
  vu.peakUsers = Math.max(vu.peakUsers, activeUsers)
  vu.final ||= final
}

const tallyOf = (routes: Map<Phase, Map<string, RouteTally>>, phase: Phase, route: string): RouteTally =>
  entry(
    entry(routes, phase, () => new Map<string, RouteTally>()),
    route,
    noTally,
  )

export type Collector = { url: string; collected: Collected; close(): Promise<void> }

export type Reply = { status: number; type: string; body: string }

export type Listening = {
  host: string
  port: number
  /** What each message must carry as a bearer token; null where nobody else reaches it. */
  token: string | null
  /** Answers who asks for something and has no message. */
  answer: (path: string) => Reply
}

const loopback: Listening = {
  host: '127.0.0.1',
  port: 0,
  token: null,
  answer: () => ({ status: 405, type: 'text/plain', body: 'messages are posted\n' }),
}

/** Tells runners that ask what the target is without. */
export const lacking =
  (...lacks: Lack[]): Listening['answer'] =>
  () => ({ status: 200, type: 'application/json', body: JSON.stringify(lacks) })

/** Listens for what the VUs post: on loopback, unless told otherwise. */
export async function startCollector(
  onMessage: (message: Message) => void = () => {},
  listening: Partial<Listening> = {},
): Promise<Collector> {
  const { host, port: wanted, token, answer } = { ...loopback, ...listening }
  const collected = nothing()
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST') {
      const { status, type, body } = answered(answer, request.url ?? '/')
      response.writeHead(status, { 'content-type': type }).end(body)
      return
    }
    if (token !== null && !isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      collected.refused++
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('the token is missing or another one\n')
      return
    }
    // Who hangs up in the middle has said nothing; a message of a VU that never comes is missed by its number.
    const body = await text(request).catch(() => null)
    if (body === null) return void response.destroy()
    const parsed = MessageSchema.safeParse(parse(body))
    if (!parsed.success) {
      collected.refused++
      response.writeHead(400).end(z.prettifyError(parsed.error))
      return
    }
    const isNew = merge(collected, parsed.data)
    response.writeHead(204).end()
    if (isNew) onMessage(parsed.data)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(wanted, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    collected,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Whoever asks is told that it failed: they must not end the run. */
function answered(answer: Listening['answer'], path: string): Reply {
  try {
    return answer(path)
  } catch (error) {
    return { status: 500, type: 'text/plain', body: `${error instanceof Error ? error.message : error}\n` }
  }
}

/** Takes as long wherever two texts differ. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other))
const digest = (text: string) => createHash('sha256').update(text).digest()

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
