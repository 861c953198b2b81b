import { randomUUID } from 'node:crypto'
import { refusalOf } from '@worklane/data/refusal.ts'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { faults } from '../faults.ts'
import { runtime, tenantDb } from '../runtime.ts'
import { BeyondPlan } from './entitlements.ts'
import { limitOf, type Metered } from './plans.ts'
import { stripe } from './stripe.ts'

/**
 * Counts a request that was made with an API key, before it is done: whoever is answered was counted, whatever is
 * killed meanwhile. Of a plan that has a limit exactly so many are let through in a month of UTC.
 * @throws BeyondPlan
 */
export async function countRequest(actor: Asker): Promise<void> {
  if (faults().usage.has('late')) return countLate(actor)
  const most = limitOf(actor.plan, 'requests')
  if (!(await taken(actor, most))) throw new BeyondPlan('requests', actor.plan, most ?? 0)
}

type Asker = Pick<Actor, 'orgId' | 'plan' | 'requestId'>

type Waiting = { given: (isGiven: boolean) => void; failed: (reason: unknown) => void }

/** Of an organisation and plan, those that wait for the statement that is under way. */
const waiting = new Map<string, Waiting[]>()

/**
 * One of this month's requests, or false where there is none left. One statement of an organisation is under way at a
 * time, and takes for all who came during the one before: what counting costs does not grow with the requests.
 */
function taken(actor: Asker, most: number | null): Promise<boolean> {
  const key = `${actor.orgId} ${actor.plan}`
  return new Promise((given, failed) => {
    const joined = waiting.get(key)
    if (joined) {
      joined.push({ given, failed })
      return
    }
    waiting.set(key, [])
    void takeForAll(actor, most, [{ given, failed }])
  })
}

async function takeForAll(actor: Asker, most: number | null, first: Waiting[]) {
  const key = `${actor.orgId} ${actor.plan}`
  for (let those = first; those.length > 0; ) {
    await takeUsage(actor, 'requests', those.length, most).then(
      (granted) => {
        for (const [place, { given }] of those.entries()) given(place < granted)
      },
      (reason) => {
        for (const { failed } of those) failed(reason)
      },
    )
    those = waiting.get(key) ?? []
    waiting.set(key, [])
  }
  waiting.delete(key)
}

const attempts = 3

/**
 * Takes so much of what an organisation may use in this month. The connection being lost in the middle, it is asked for
 * again under the same identifier: it counts once.
 * @param most in a month; null for as much as one likes
 * @returns how much of it there was
 */
async function takeUsage(
  actor: Pick<Actor, 'orgId' | 'requestId'>,
  kind: Metered,
  wanted: number,
  most: number | null,
): Promise<number> {
  let identifier = randomUUID()
  // Without billing nobody is told, and months are enough.
  const isRecorded = stripe() !== null
  for (let attempt = 1; ; attempt++) {
    try {
      const values = [kind, identifier, wanted, most, isRecorded]
      // Straight to the pool, which sets the tenant: on the way of every request of a key Prisma costs too much.
      const { rows } = await tenantDb(actor).read(() =>
        runtime().database.pool.query<{ given: number }>({ ...take, values }),
      )
      return rows[0]?.given ?? 0
    } catch (error) {
      if (attempt === attempts || !wasCutOff(error)) throw error
      if (faults().usage.has('anew')) identifier = randomUUID()
    }
  }
}

const take = {
  name: 'take_usage',
  text: 'select take_usage($1, $2::uuid, $3::int, $4::bigint, $5) as given',
}

/** Nobody knows whether it was done. Whatever Postgres refused, but for its own shutdown, was not. */
function wasCutOff(error: unknown): boolean {
  if (error instanceof Problem) return false
  const code = refusalOf(error)?.code ?? ''
  return !/^[0-9A-Z]{5}$/.test(code) || code.startsWith('57P') || code.startsWith('08')
}

/** The known-bad case of a count that a kill loses. */
async function countLate(actor: Asker): Promise<void> {
  setTimeout(() => void taken(actor, null).catch(() => {}), 300)
}
