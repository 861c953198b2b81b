import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { type OrgId, orgId } from '@worklane/data/ids.ts'
import type { Actor } from './actor.ts'
import { runAfterCommit } from './after-commit.ts'
import { plans } from './billing/plans.ts'
import { tagKeys } from './cache.ts'
import { forgetNow } from './forgetting.ts'
import { publish } from './live/channel.ts'
import {
  type EventData,
  type EventType,
  eventTopic,
  type Happened,
  happened,
  isWanted,
} from './webhooks/events.ts'

type AuditEntry = { target: string; before: unknown; after: unknown }
type OutboxRow = { orgId: string; topic: string; payload: unknown }
type Live = { projectId: string; event: 'task' | 'removed' | 'open'; data: unknown }

/** How a transaction runs one more statement, whichever client holds it. */
export type RunStatement = (text: string, values: unknown[]) => Promise<unknown>

/**
 * What a write brings about beside its own rows: audit entries and outbox rows in the same transaction, then,
 * once that is committed, forgotten cache entries and messages to those who watch.
 */
export class Effects {
  readonly audit: AuditEntry[] = []
  readonly outbox: OutboxRow[] = []
  /** What webhooks tell of; it goes into the outbox where somebody wants to be told. */
  readonly events: Happened[] = []
  readonly live: Live[] = []
  readonly tags = new Set<string>()
  /** Tags of other organisations than the actor's. */
  readonly elsewhere: { orgId: OrgId; tags: string[] }[] = []
  readonly afterwards: (() => Promise<void>)[] = []
  readonly around: (() => Promise<void>)[] = []
  /** The row of the cache's outbox, by which the relay knows whether this process got to forgetting. */
  readonly #forgetting = randomUUID()

  /** Writes the entries and rows, in one statement. */
  async write(run: RunStatement, actor: Actor, operation: string): Promise<void> {
    const keys = this.#keys(actor)
    if (this.audit.length + this.outbox.length + this.events.length + keys.length === 0) return
    const entries = this.audit.map(({ target, before, after }) => ({
      ...{ org_id: actor.orgId, actor_id: actor.userId, api_key_id: actor.key?.id ?? null },
      ...{ operation, target, before, after, request_id: actor.requestId },
    }))
    const rows = this.outbox.map(({ orgId, topic, payload }) => ({ org_id: orgId, topic, payload }))
    const audit = JSON.stringify(entries, withoutNames)
    const all = [audit, JSON.stringify(rows), this.#forgetting, JSON.stringify(keys)]
    if (this.events.length > 0)
      await run(insertAllAndEvents, [...all, actor.orgId, JSON.stringify(this.events)])
    else if (rows.length > 0 || keys.length > 0) await run(insertAll, all)
    else await run(insertAudit, [audit])
  }

  /** The last thing before the commit: a crash right after it must not leave what was ended alive in Redis. */
  async beforeCommit(): Promise<void> {
    for (const work of this.around) await work()
  }

  /** What a crash keeps from happening here the relay repeats, from the rows of the transaction. */
  async afterCommit(actor: Actor): Promise<void> {
    const forgetting = () => forgetNow(this.#forgetting, this.#keys(actor))
    const telling = this.live.map(
      ({ projectId, event, data }) =>
        () =>
          publish(actor, projectId, event, data),
    )
    await runAfterCommit([forgetting, ...telling, ...this.around, ...this.afterwards])
  }

  #keys(actor: Actor): string[] {
    return [{ orgId: actor.orgId, tags: this.tags }, ...this.elsewhere].flatMap((each) =>
      tagKeys(each, each.tags),
    )
  }
}

/** An entry stays for ever, a name does not: of people it keeps the id. */
function withoutNames(field: string, value: unknown): unknown {
  if (!people.has(field) || value === null || typeof value !== 'object' || !('id' in value)) return value
  return value.id
}
const people = new Set(['assignee', 'createdBy', 'author', 'invitedBy'])

const auditColumns = 'org_id, actor_id, api_key_id, operation, target, before, after, request_id'
const insertAudit = `insert into audit_log (${auditColumns})
  select ${auditColumns} from jsonb_to_recordset($1::jsonb) as e
    (org_id uuid, actor_id uuid, api_key_id uuid, operation text, target text, before jsonb, after jsonb, request_id text)`
const jobs = `insert into outbox (org_id, topic, payload)
    select org_id, topic, payload from jsonb_to_recordset($2::jsonb) as r (org_id uuid, topic text, payload jsonb)`
const tagsToForget = `insert into cache_outbox (id, keys)
  select $3::uuid, array(select jsonb_array_elements_text($4::jsonb)) where $4::jsonb <> '[]'`
const insertAll = `with entries as (${insertAudit}), jobs as (${jobs}) ${tagsToForget}`
const insertAllAndEvents = `with entries as (${insertAudit}), jobs as (${jobs}),
  events as (insert into outbox (org_id, topic, payload)
    select $5::uuid, '${eventTopic}', e from jsonb_array_elements($6::jsonb) e where ${isWanted('$5::uuid', "e->>'type'")})
  ${tagsToForget}`

const current = new AsyncLocalStorage<Effects>()

export const collectEffects = <T>(effects: Effects, work: () => Promise<T>): Promise<T> =>
  current.run(effects, work)

function effects(): Effects {
  const open = current.getStore()
  if (!open) throw new Error('an effect outside of a write: only the run of a writing operation has effects')
  return open
}

/** Leaves an entry in the audit log. @param target what was changed, e.g. `task 0197…` */
export const record = (target: string, before: unknown, after: unknown) =>
  void effects().audit.push({ target, before, after })

/** Work for the worker: it happens if and only if the write did. */
export const enqueue = (actor: Pick<Actor, 'orgId'>, topic: string, payload: unknown) =>
  void effects().outbox.push({ orgId: actor.orgId, topic, payload })

/** Tells the webhooks of the organisation, of those that want to be told. */
export function emit<Type extends EventType>(
  actor: Pick<Actor, 'orgId' | 'plan'>,
  type: Type,
  data: EventData[Type],
) {
  // The worker looks at the plan of that moment; here nothing is made that none would take.
  if (!plans[actor.plan].features.webhooks) return
  effects().events.push(happened(type, data))
}

/** Makes the cache forget, once the write is committed, everything that was kept under the tags. */
export const forget = (...tags: string[]) => {
  for (const tag of tags) effects().tags.add(tag)
}

/** The same in another organisation than the actor's. */
export const forgetIn = (organisation: string, ...tags: string[]) =>
  void effects().elsewhere.push({ orgId: orgId(organisation), tags })

/** Tells those who watch a project. */
export const tell = (projectId: string, event: Live['event'], data: unknown) =>
  void effects().live.push({ projectId, event, data })

/** Something to do once the write is committed, which is no loss where it does not happen. */
export const afterwards = (work: () => Promise<void>) => void effects().afterwards.push(work)

/** Something that Redis is told right before the commit and again after it. It must not fail. */
export const aroundCommit = (work: () => Promise<void>) => void effects().around.push(work)
