import { AsyncLocalStorage } from 'node:async_hooks'
import type { Actor } from './actor.ts'

type AuditEntry = { target: string; before: unknown; after: unknown }
type OutboxRow = { orgId: string; topic: string; payload: unknown }
type Live = { projectId: string; event: 'task' | 'removed'; data: unknown }

/** How a transaction runs one more statement, whichever client holds it. */
export type RunStatement = (text: string, values: unknown[]) => Promise<unknown>

/**
 * What a write brings about beside its own rows: audit entries and outbox rows in the same transaction, then,
 * once that is committed, forgotten cache entries and messages to those who watch.
 */
export class Effects {
  readonly audit: AuditEntry[] = []
  readonly outbox: OutboxRow[] = []
  readonly live: Live[] = []
  readonly tags = new Set<string>()
  readonly afterwards: (() => Promise<void>)[] = []

  /** Writes the entries and rows, in one statement. */
  async write(run: RunStatement, actor: Actor, operation: string): Promise<void> {
    if (this.audit.length === 0 && this.outbox.length === 0) return
    const entries = this.audit.map(({ target, before, after }) => ({
      ...{ org_id: actor.orgId, actor_id: actor.userId, api_key_id: actor.key?.id ?? null },
      ...{ operation, target, before, after, request_id: actor.requestId },
    }))
    const rows = this.outbox.map(({ orgId, topic, payload }) => ({ org_id: orgId, topic, payload }))
    await (this.outbox.length === 0
      ? run(insertAudit, [JSON.stringify(entries, withoutNames)])
      : run(insertBoth, [JSON.stringify(entries, withoutNames), JSON.stringify(rows)]))
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
const insertBoth = `with entries as (${insertAudit})
  insert into outbox (org_id, topic, payload)
  select org_id, topic, payload from jsonb_to_recordset($2::jsonb) as r (org_id uuid, topic text, payload jsonb)`

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

/** Makes the cache forget, once the write is committed, everything that was kept under the tags. */
export const forget = (...tags: string[]) => {
  for (const tag of tags) effects().tags.add(tag)
}

/** Tells those who watch a project. */
export const tell = (projectId: string, event: Live['event'], data: unknown) =>
  void effects().live.push({ projectId, event, data })

/** Something to do once the write is committed; its failure is the caller's to hear. */
export const afterwards = (work: () => Promise<void>) => void effects().afterwards.push(work)
