import Stripe from 'stripe'
import { operations } from '../operations.ts'
import { startSandbox } from '../server.ts'
import { playToMock } from './mock.ts'
import { playBilling } from './play-billing.ts'
import { playCatalog } from './play-catalog.ts'
import { playCheckout } from './play-checkout.ts'
import { playCustomers } from './play-customers.ts'
import { playPayments } from './play-payments.ts'
import { playRefusals } from './play-refusals.ts'
import { Recorder, type Share } from './recorder.ts'
import { describedOperations } from './validate.ts'

export type Conformance = {
  offered: number
  /** What Stripe has in the same families of resources. */
  described: number
  notOffered: string[]
  notPlayed: string[]
  requests: Share
  answers: Share
  /** Answers against the SDK's types, which are newer than the document. */
  promised: Share
  events: Share
  /** Only where a stripe-mock was there. */
  mock?: Share
}

/**
 * Plays every operation that the sandbox offers through the real SDK, and holds all that went over the wire against
 * Stripe's own document.
 * @param mock the address of a stripe-mock
 */
export async function checkConformance({ mock }: { mock?: string } = {}): Promise<Conformance> {
  const recorder = new Recorder()
  const running = await startSandbox({ seed: 'conformance', record: recorder.record })
  running.sandbox.observe(recorder.observe)
  const { host, port, secretKey } = running
  const stripe = new Stripe(secretKey, {
    host,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  })
  try {
    const catalog = await playCatalog(stripe)
    await playCustomers(stripe)
    await playPayments(stripe, running)
    await playBilling(stripe, catalog)
    await playCheckout(stripe, running, catalog)
    await playRefusals(stripe)
  } finally {
    await running.close()
  }
  const { played } = recorder
  return {
    offered: operations.length,
    described: describedOperations().length,
    notOffered: describedOperations().filter((route) => !operations.some((one) => one.route === route)),
    notPlayed: operations.map(({ route }) => route).filter((route) => !played.has(route)),
    requests: recorder.requests(),
    answers: recorder.answers(),
    promised: recorder.promised(),
    events: recorder.eventShare(),
    ...(mock === undefined ? {} : { mock: await playToMock(mock, recorder.exchanges) }),
  }
}

export const isWhole = ({ notPlayed, requests, answers, promised, events, mock }: Conformance): boolean =>
  notPlayed.length === 0 &&
  [requests, answers, promised, events, ...(mock ? [mock] : [])].every(
    ({ checked, valid }) => checked > 0 && checked === valid,
  )
