import { setTimeout as sleep } from 'node:timers/promises'
import { lengthOf, type Stage } from '@headroom/loadtests/wire/workloads.ts'
import { SandboxControl } from '@headroom/payments-sandbox/control/client.ts'
import { validity, webhooks } from '@headroom/perf-budgets/slo.ts'
import { inSentence } from '../judge/judge.ts'
import type { Evidence } from '../result/evidence.ts'
import type { RunningSidecar, Sidecar } from '../run/sidecar.ts'
import type { Payments } from '../stack/payments.ts'
import { acknowledgedAndLost, type Comparison, checkLedger, unsettled } from './check-ledger.ts'

/** Each event is delivered so often. */
const copies = { min: 1, max: 3 }
/** The share of its stage in which the storm comes; in the rest what it left behind is worked off. */
const burst = 3 / 4
/** Each event comes anywhere among those of so many seconds: about as far as Stripe's own are out of order. */
const disorderSeconds = 5
/**
 * Milliseconds after the end until the books are compared, whatever is under way then. Longer than a webhook may wait: on a
 * machine that others use late is not lost.
 */
const patience = 300_000
/** What did not arrive comes again soon, not after Stripe's minutes. */
const retries = { kind: 'quick', first: 500, times: 8 } as const

export type Storm = {
  payments: Payments
  adminUrl: string
  say: (line: string) => void
}

/**
 * A month's end beside the swarm: all subscriptions are renewed at once, and what is told of it comes in a burst, one to
 * three times each, out of order. When all is done, the books are compared.
 */
export const billingStorm =
  (storm: Storm): Sidecar =>
  async ({ stages, began, ended }) => {
    const startedAt = await Promise.race([began, ended.then(() => null)])
    // Then nothing was played, and the run itself says why.
    if (startedAt === null) return nothing
    const [from, to] = stageTimes(stages, startedAt)
    // Not by the clock: a timer may fire a millisecond before it.
    const isOver = await Promise.race([
      sleep(Math.max(0, from - Date.now()), false, { ref: false }),
      ended.then(() => true),
    ])
    if (isOver) return overBefore('the month ended')
    try {
      const { since, sent } = await beginStorm(storm, to - from)
      storm.say(
        `a month ends: ${sent} webhooks, ${(sent / (((to - from) * burst) / 1_000)).toFixed(0)} a second`,
      )
      await ended
      if (Date.now() < to) return overBefore("the month's end was")
      return await judgeBooks(storm, since, sent)
    } catch (error) {
      return {
        ...nothing,
        invalidReasons: [`the month's end did not come to its own end: ${(error as Error).message}`],
      }
    }
  }

const nothing: RunningSidecar = { evidence: [], invalidReasons: [], facts: [] }

const overBefore = (moment: string): RunningSidecar => ({
  ...nothing,
  invalidReasons: [`the run was over before ${moment}: nothing is known of its webhooks`],
})

function stageTimes(stages: readonly Stage[], startedAt: number): [from: number, to: number] {
  const place = stages.findIndex(({ phase }) => phase === 'storm')
  return [startedAt + lengthOf(stages.slice(0, place)), startedAt + lengthOf(stages.slice(0, place + 1))]
}

async function beginStorm({ payments }: Storm, duration: number): Promise<{ since: number; sent: number }> {
  const control = new SandboxControl(payments)
  const { now: since } = await control.state()
  await control.deliver({ copies, hold: true })
  const { deliveries } = await control.moveClock({ months: 1 })
  const perSecond = Math.max(1, deliveries.held / ((duration * burst) / 1_000))
  await control.deliver({ copies, retries, perSecond, concurrency: 32 })
  const sent = await control.release('random', Math.max(1, Math.round(perSecond * disorderSeconds)))
  return { since, sent }
}

async function judgeBooks(
  { payments, adminUrl, say }: Storm,
  since: number,
  sent: number,
): Promise<RunningSidecar> {
  const { seconds, left } = await untilQuiet(payments, adminUrl)
  say(`comparing the books, ${seconds.toFixed(0)} s after the end`)
  const stripe = { origin: payments.origin, secretKey: payments.secretKey }
  const books = booksInVerdict(await checkLedger({ stripe, adminUrl }, since), left)
  const settled: Evidence = {
    limit: 'all webhooks are done with after the end',
    where: {},
    operator: '<',
    expected: webhooks.oldestWaiting / 1_000,
    actual: seconds,
    unit: 's',
    samples: sent,
    detail: left === 0 ? undefined : `${left} are not even then`,
    passed: left === 0 && seconds * 1_000 < webhooks.oldestWaiting,
  }
  return {
    evidence: [settled, ...books.evidence],
    invalidReasons: [
      ...(sent < validity.minimumSamples
        ? [`the month's end was no storm: ${sent} webhooks, ${validity.minimumSamples} are needed`]
        : []),
      ...books.invalidReasons,
    ],
    facts: books.facts,
  }
}

/**
 * What a comparison says of a run. What was lost, refused or booked twice is so, whatever else was measured; while
 * something is under way that is known only of what was acknowledged and lost.
 * @param left how much was still under way
 */
export function booksInVerdict(
  { events, unacknowledged, evidence }: Comparison,
  left: number,
): RunningSidecar {
  const isCertain = ({ limit }: Evidence) => left === 0 || limit === acknowledgedAndLost
  const found = [unacknowledged, ...evidence].map((each) =>
    isCertain(each) ? each : { ...each, isTimeless: false },
  )
  return {
    evidence: found,
    invalidReasons: events === 0 ? ['Stripe lists no event of the month that ended'] : [],
    facts: found.filter((each) => !each.passed && isCertain(each)).map(inSentence),
  }
}

/** Waits, not for ever, until nothing is under way. @returns how long that took, and how much is left */
async function untilQuiet(payments: Payments, adminUrl: string): Promise<{ seconds: number; left: number }> {
  const control = new SandboxControl(payments)
  const began = performance.now()
  for (;;) {
    const { deliveries } = await control.state()
    const pending = deliveries.held + deliveries.sending + deliveries.retrying
    const left = pending > 0 ? pending : await unsettled(adminUrl)
    const waited = performance.now() - began
    if (left === 0 || waited > patience) return { seconds: waited / 1_000, left }
    await sleep(500)
  }
}
