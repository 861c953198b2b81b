import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { execute } from '../execute.ts'
import { createInvitation } from '../invitations/operations.ts'
import { createOrganisation as createByApi } from '../organisations/operations.ts'
import { closeRuntime } from '../runtime.ts'
import { createTenant, type Tenant } from '../testing/tenants.ts'
import { createOrganisation as createByPage } from './organisations.ts'

let tenant: Tenant
beforeAll(async () => {
  tenant = await createTenant()
})
afterAll(closeRuntime)

/** How many of so many tries came through before one was refused, and how the next are answered. */
async function untilRefused(tries: number, work: (n: number) => Promise<unknown>) {
  for (let n = 0; n < tries; n++) {
    const kind = await work(n).then(
      () => 'done',
      (problem) => problem.kind ?? problem,
    )
    if (kind !== 'done') return { done: n, kind }
  }
  return { done: tries, kind: null }
}

it('a person starts so many organisations a day, by whatever door', async () => {
  const { actor } = tenant.people.viewer
  const byTurns = (n: number) =>
    n % 2 === 0 ? createByPage(actor.userId, `Page ${n}`) : execute(createByApi, actor, { name: `API ${n}` })
  expect(await untilRefused(60, byTurns)).toEqual({ done: 20, kind: 'tooMany' })
  const { message, retryAfterSeconds } = await createByPage(actor.userId, 'One more').catch((error) => error)
  const hours = Math.ceil(retryAfterSeconds / 3_600)
  expect(hours).toBeGreaterThanOrEqual(1)
  expect(message).toMatch(
    /^You made too many organisations today: try again in \d+ (hours|minutes?|seconds?)\.$/,
  )
  // In the last two hours of a day it is told in minutes.
  if (retryAfterSeconds > 2 * 3_600) expect(message).toContain(` ${hours} hours.`)
})

it('a person invites so many people a day', async () => {
  const { actor } = tenant.people.admin
  const invite = () =>
    execute(createInvitation, actor, { email: `${randomUUID()}@example.test`, role: 'viewer' })
  expect(await untilRefused(150, invite)).toEqual({ done: 100, kind: 'tooMany' })
})
