import { unit } from '@headroom/fixtures/random.ts'
import type { ErrorClass } from '@headroom/loadtests/wire/message.ts'

/** A request, as far as an answer depends on it. */
type Ask = {
  /** The how-manyeth it is, from 1. */
  nth: number
  /** Milliseconds since the first. */
  since: number
  /** The tenant of who asks. */
  shop: number
}

/** What is done with a request. Times are milliseconds. */
export type Reply = {
  /** How it ends: in full, never, cut off before the first byte, or after it. */
  how: 'answered' | 'hung' | 'hung-up' | 'cut'
  /** What a true generator calls it. */
  is: 'good' | ErrorClass
  /** From the request to the first byte, or to the hang-up. */
  after: number
  /** From the first byte to the last. */
  body: number
  status: number
  headers: Readonly<Record<string, string>>
  text: string
}

/** A way to answer, whose every delay is known. */
export type Behaviour = {
  reply(ask: Ask): Reply
  /** The whole server stands still so long, once; milliseconds since the first request. */
  stall?: { at: number; length: number }
  /** It speaks TLS, and each connection waits so long before anything on it is read. */
  handshake?: number
  /** Each answer ends its connection. */
  closes?: true
  /** From then on connections are refused; milliseconds since the first request. */
  downFrom?: number
}

const shops = 5
export const shopOf = (user: number): number => user % shops
const markOf = (shop: number): string => `shop-${shop % shops};`
const page = (shop: number): string => `<h1>Hello from ${markOf(shop)}</h1>`

const good = ({ shop }: Ask, after: number, more: Partial<Reply> = {}): Reply => ({
  how: 'answered',
  is: 'good',
  after,
  body: 0,
  status: 200,
  headers: { 'content-type': 'text/html' },
  text: page(shop),
  ...more,
})

const hung = (ask: Ask) => good(ask, 0, { how: 'hung', is: 'timeout' })

/** Every request that has this number, another answer. */
const every =
  (number: number, otherwise: Partial<Reply>) =>
  (ask: Ask): Reply =>
    good(ask, 5, ask.nth % number === 0 ? otherwise : {})

const always = (otherwise: Partial<Reply>) => every(1, otherwise)

/** Lognormal, by Box and Muller from two numbers that the request's own number gives. */
function lognormal({ nth }: Ask, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - unit(nth, 1))) * Math.cos(2 * Math.PI * unit(nth, 2))
  return median * Math.exp(sigma * normal)
}

const behaviours = {
  constant: { reply: (ask) => good(ask, 50) },
  lognormal: { reply: (ask) => good(ask, lognormal(ask, 80, 0.7)) },
  'two-humps': { reply: (ask) => good(ask, unit(ask.nth, 3) < 0.9 ? 10 : 400) },
  // Every 90th, so that the 99th percentile is one of them whatever the number of requests.
  'rare-5s': { reply: (ask) => good(ask, ask.nth % 90 === 0 ? 5_000 : 20) },
  'stall-3s': { reply: (ask) => good(ask, 10), stall: { at: 5_000, length: 3_000 } },
  'slow-body': { reply: (ask) => good(ask, 20, { body: 300 }) },
  'slow-handshake': { reply: (ask) => good(ask, 20), handshake: 200, closes: true },
  'hang-before-end': { reply: (ask) => (ask.since < 5_000 ? good(ask, 5) : hung(ask)) },

  'few-users': { reply: (ask) => good(ask, 1) },
  'many-users': { reply: (ask) => good(ask, 2_000) },
  // The first byte keeps its limit; the whole answer does not.
  'late-last-byte': { reply: (ask) => good(ask, 20, { body: 1_500 }) },
  refused: { reply: (ask) => good(ask, 5), downFrom: 4_000 },
  'hang-ups-get': { reply: every(20, { how: 'hung-up', is: 'connection' }) },
  'hang-ups-post': { reply: every(20, { how: 'hung-up', is: 'connection' }) },
  'some-503': { reply: every(20, { status: 503, is: '5xx', text: 'busy' }) },
  'all-503': { reply: always({ status: 503, is: '5xx', text: 'busy' }) },
  // So many that p99 is one of them, and not the largest of the others.
  'some-unanswered': { reply: (ask) => (ask.nth % 30 === 0 ? hung(ask) : good(ask, 5)) },
  'empty-200': { reply: every(20, { text: '', is: 'wrong-content' }) },
  'error-page-200': {
    reply: every(20, { text: '<h1>Something went wrong</h1>', is: 'wrong-content' }),
  },
  'garbage-gzip': {
    reply: every(20, {
      is: 'wrong-content',
      headers: { 'content-type': 'text/html', 'content-encoding': 'gzip' },
      text: 'this was never gzip',
    }),
  },
  'truncated-body': { reply: every(20, { how: 'cut', is: 'connection', body: 5 }) },
  'leak-in-error-page': {
    reply: (ask) =>
      good(ask, 5, ask.nth % 20 === 0 ? { status: 500, is: 'leak', text: page(ask.shop + 1) } : {}),
  },
} as const satisfies Record<string, Behaviour>

export type BehaviourName = keyof typeof behaviours

export const behaviourOf = (name: BehaviourName): Behaviour => behaviours[name]
