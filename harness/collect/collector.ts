import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { add, type Histogram } from '@headroom/loadtests/wire/histogram.ts'
import {
  type ErrorClass,
  errorClasses,
  type Message,
  type Phase,
  phases,
} from '@headroom/loadtests/wire/message.ts'
import { z } from 'zod'

const Increments = z
  .array(z.number())
  .refine((list) => list.length % 2 === 0, 'must be pairs of bucket and count')
const Count = z.number().int().nonnegative()

const MessageSchema: z.ZodType<Message> = z.object({
  vu: Count,
  sequence: Count,
  final: z.boolean(),
  startedAt: z.number(),
  activeUsers: Count,
  inFlight: Count,
  queued: Count,
  lag: z.partialRecord(z.enum(phases), Increments),
  routes: z.array(
    z.object({
      route: z.string().max(200),
      phase: z.enum(phases),
      latency: Increments,
      ttfb: Increments,
      errors: z.partialRecord(z.enum(errorClasses), Count),
    }),
  ),
  probes: Count,
  leaks: z.array(z.object({ route: z.string(), user: Count, canary: z.string() })),
})

export type RouteTally = { latency: Histogram; ttfb: Histogram; errors: Map<ErrorClass, number> }

/** What a VU said last, and which of its messages came. */
export type VuState = {
  activeUsers: number
  inFlight: number
  queued: number
  final: boolean
  /** All before this one came. */
  next: number
  /** Those that overtook a slower one. */
  ahead: Set<number>
  /** The highest that came. */
  last: number
}

const idle = { activeUsers: 0, inFlight: 0, queued: 0, final: false }

/** Messages that must have been sent and never came. */
export const lostMessages = ({ vus }: Collected): number =>
  [...vus.values()].reduce((lost, { next, ahead, last }) => lost + (last + 1 - next - ahead.size), 0)

/** Everything the VUs have told so far. Its size depends on routes and phases, never on how long a run is. */
export type Collected = {
  startedAt: number | null
  routes: Map<Phase, Map<string, RouteTally>>
  lag: Map<Phase, Histogram>
  /** VU → what it said last. */
  vus: Map<number, VuState>
  refused: number
  probes: number
  leaks: Message['leaks']
}

export const nothing = (): Collected => ({
  startedAt: null,
  routes: new Map(),
  lag: new Map(),
  vus: new Map(),
  refused: 0,
  probes: 0,
  leaks: [],
})

const leaksKept = 20

/** Merges a message, exactly: counts are added, percentiles are made from their sums at the end. */
export function merge(into: Collected, message: Message): void {
  into.startedAt = Math.min(into.startedAt ?? message.startedAt, message.startedAt)
  const vu = into.vus.get(message.vu) ?? { next: 0, ahead: new Set<number>(), last: -1, ...idle }
  into.vus.set(message.vu, vu)
  // Counted already: adding it again would double what it tells.
  if (message.sequence < vu.next || vu.ahead.has(message.sequence)) return
  note(vu, message)
  for (const { route, phase, latency, ttfb, errors } of message.routes) {
    const tally = tallyOf(into, phase, route)
    add(tally.latency, latency)
    add(tally.ttfb, ttfb)
    for (const [kind, count] of Object.entries(errors) as [ErrorClass, number][]) {
      tally.errors.set(kind, (tally.errors.get(kind) ?? 0) + count)
    }
  }
  for (const [phase, lag] of Object.entries(message.lag) as [Phase, number[]][]) {
    let merged = into.lag.get(phase)
    if (!merged) {
      merged = new Map()
      into.lag.set(phase, merged)
    }
    add(merged, lag)
  }
  into.probes += message.probes
  into.leaks.push(...message.leaks.slice(0, leaksKept - into.leaks.length))
}

/** Two messages of one VU can overtake each other: only one that never comes is a loss. */
function note(vu: VuState, { sequence, activeUsers, inFlight, queued, final }: Message): void {
  vu.ahead.add(sequence)
  while (vu.ahead.delete(vu.next)) vu.next++
  if (sequence > vu.last) Object.assign(vu, { last: sequence, activeUsers, inFlight, queued })
  vu.final ||= final
}

function tallyOf(into: Collected, phase: Phase, route: string): RouteTally {
  let routes = into.routes.get(phase)
  if (!routes) {
    routes = new Map()
    into.routes.set(phase, routes)
  }
  let tally = routes.get(route)
  if (!tally) {
    tally = { latency: new Map(), ttfb: new Map(), errors: new Map() }
    routes.set(route, tally)
  }
  return tally
}

export type Collector = { url: string; collected: Collected; close(): Promise<void> }

/** Listens on loopback for what the VUs post. */
export async function startCollector(onMessage: () => void = () => {}): Promise<Collector> {
  const collected = nothing()
  const server = createServer(async (request, response) => {
    const parsed = MessageSchema.safeParse(parse(await text(request)))
    if (!parsed.success) {
      collected.refused++
      response.writeHead(400).end(z.prettifyError(parsed.error))
      return
    }
    merge(collected, parsed.data)
    response.writeHead(204).end()
    onMessage()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
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

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
