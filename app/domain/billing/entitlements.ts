import { type Actor, Plan } from '../actor.ts'
import type { RunStatement } from '../effects.ts'
import { notFound, Problem } from '../errors.ts'
import { largestWhole } from '../files/types.ts'
import { type AnyOperation, isRead } from '../operation.ts'
import { amountOf } from './amounts.ts'
import {
  type Counted,
  counted,
  type Feature,
  isFeature,
  isMetered,
  type Limited,
  liftedBy,
  limitOf,
  type Metered,
  plans,
} from './plans.ts'

/** Something of the organisation's plan that an operation takes up, or stands on. */
export type Need = Counted | Feature

const nouns: Record<Limited | Metered | Feature, string> = {
  projects: 'projects',
  members: 'members, open invitations among them',
  storage: 'of files',
  exportRows: 'rows in an export',
  requests: 'API requests a month',
  auditLog: 'the audit log',
  webhooks: 'webhooks',
}

/** The organisation's plan does not allow it. What it allows, and which plan allows more, travel with the refusal. */
export class BeyondPlan extends Problem {
  override name = 'BeyondPlan'
  constructor(need: Limited | Metered | Feature, plan: Plan, used: number) {
    const lifted = liftedBy(plan, need)
    const limit = isFeature(need) ? null : limitOf(plan, need)
    const has =
      limit === null
        ? `does not include ${nouns[need]}`
        : `allows ${amountOf(need, limit)} ${nouns[need]}, and you have ${amountOf(need, used)}`
    const more = lifted === null ? '' : ` The plan ${plans[lifted].name} ${lifts(need, lifted)}.`
    super('beyondPlan', `Your plan ${plans[plan].name} ${has}.${more}`, [], {
      type: '/docs#plan-limits',
      members: { need, plan, ...(limit === null ? {} : { limit, used }), liftedBy: lifted },
    })
  }
}

function lifts(need: Limited | Metered | Feature, plan: Plan): string {
  if (isFeature(need)) return 'includes it'
  if (isMetered(need)) return `includes ${amountOf(need, plans[plan].monthly[need].included)}`
  const limit = limitOf(plan, need)
  return limit === null ? 'has no such limit' : `allows ${amountOf(need, limit)}`
}

/** @throws BeyondPlan when the operation stands on a feature that the organisation's plan does not have */
export function requireFeature({ needs }: Pick<AnyOperation, 'needs'>, { plan }: Pick<Actor, 'plan'>): void {
  if (needs !== undefined && isFeature(needs) && !plans[plan].features[needs]) {
    throw new BeyondPlan(needs, plan, 0)
  }
}

/** @throws Problem readOnly for a write, when the organisation has owed longer than it may */
export function requireWritable(
  operation: Pick<AnyOperation, 'rest' | 'evenReadOnly'>,
  { readOnlyAt }: Pick<Actor, 'readOnlyAt'>,
): void {
  if (readOnlyAt === null || readOnlyAt > Date.now() || isRead(operation) || operation.evenReadOnly) return
  throw new Problem(
    'readOnly',
    'Your organisation can only read, since an invoice is not paid. An admin can pay it in the settings, under Billing.',
    [],
    { type: '/docs#read-only' },
  )
}

/**
 * Runs a write that takes up what a plan counts, as part of its transaction. Such writes of one organisation happen
 * one after another, so that two cannot both take the last place; the plan is the one that it has then. An organisation
 * that is beyond its limits already, since its plan became smaller, keeps what it has.
 * @throws BeyondPlan
 */
export async function withinPlan<T>(
  run: RunStatement,
  orgId: string,
  need: Need | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (need === undefined || isFeature(need)) return work()
  const plan = await planInTurn(run, orgId)
  const limit = limitOf(plan, need)
  if (limit === null) return work()
  const before = await used(run, orgId, need)
  const result = await work()
  const after = await used(run, orgId, need)
  if (after > limit && after > before) throw new BeyondPlan(need, plan, before)
  return result
}

// As in turn.ts: not FOR UPDATE, since rows that refer to the organisation may be added meanwhile.
const lock = 'select plan::text from organisations where id = $1::uuid for no key update'

async function planInTurn(run: RunStatement, orgId: string): Promise<Plan> {
  const [row] = (await run(lock, [orgId])) as { plan: string }[]
  if (!row) throw notFound('organisation')
  return Plan.parse(row.plan)
}

/** An open invitation holds a place, and so does an open upload: whoever accepts or completes it finds it free. */
const counts: Record<Counted, string> = {
  projects: 'select count(*)::int as used from projects where org_id = $1::uuid',
  members: `select ((select count(*) from memberships where org_id = $1::uuid) +
    (select count(*) from invitations where org_id = $1::uuid and expires_at > now()))::int as used`,
  // By the clock, and not by the transaction's beginning: it may have waited for its turn. What was refused or removed
  // counts until its form is no good any more, and of a large file until its parts are gone: then no link is any more.
  storage: `select (coalesce((select sum(size) from files where org_id = $1::uuid
      and refused is null and (uploaded_at is not null or upload_until > clock_timestamp())), 0)
    + coalesce((select sum(size) from removed_files where organisation_id = $1::uuid
      and again_at > clock_timestamp() and (emptied_at is null or size <= ${largestWhole})), 0))::float8 as used`,
}

/** How much of what plans count an organisation has. */
export async function countedNow(run: RunStatement, orgId: string): Promise<Record<Counted, number>> {
  const [row] = (await run(countAll, [orgId])) as Record<Counted, number>[]
  return row ?? (Object.fromEntries(counted.map((need) => [need, 0])) as Record<Counted, number>)
}

const countAll = `select ${counted.map((need) => `(${counts[need]}) as "${need}"`).join(', ')}`

// A statement of its own: one that waits for a lock has read everything else before it waited.
async function used(run: RunStatement, orgId: string, need: Counted): Promise<number> {
  const [row] = (await run(counts[need], [orgId])) as { used: number }[]
  return row?.used ?? 0
}
