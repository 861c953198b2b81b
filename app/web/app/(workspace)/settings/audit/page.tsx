import { type Actor, mayAct } from '@worklane/domain/actor.ts'
import { type AuditEntry, listAudit } from '@worklane/domain/audit/operations.ts'
import { plans } from '@worklane/domain/billing/plans.ts'
import { timeIn } from '@worklane/domain/calendar.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { getMember } from '@worklane/domain/members/operations.ts'
import { isRead } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { resyncCustomer } from '@worklane/domain/operators/customers.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireActor } from '#web/auth/actor.ts'
import { Combobox } from '#web/components/combobox/combobox.tsx'
import { ToPlans } from '#web/components/refusal.tsx'
import { OnlyFor, Section, Streamed } from '#web/components/settings/section.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { settings } from '#web/texts/settings.ts'

const { audit: texts } = settings

export const metadata: Metadata = { title: settings.sections.audit }

const { operation, actorId, from, to, cursor } = listAudit.input.shape

type Props = { searchParams: Promise<Query> }

export default function AuditPage({ searchParams }: Props) {
  return (
    <Streamed>
      <Audit searchParams={searchParams} />
    </Streamed>
  )
}

async function Audit({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  if (!mayAct(actor, 'admin')) return <OnlyFor least="admin" />
  if (!plans[actor.plan].features.auditLog) return <NotInPlan />
  const query = readQuery(asked, { operation, actorId, from, to })
  const [{ items, nextCursor }, person, { zone }] = await Promise.all([
    execute(listAudit, actor, { ...query, ...readQuery(asked, { cursor }), limit: 30 }),
    query.actorId ? personOf(actor, query.actorId) : null,
    clockOf(actor),
  ])
  const writes = operationList.filter((each) => !isRead(each) && each.audited !== false)
  return (
    <Section title={settings.sections.audit}>
      <form action="/settings/audit" className="mb-5 flex flex-wrap items-end gap-3">
        <div>
          <label htmlFor="operation" className={labelClass}>
            {texts.operation}
          </label>
          <select id="operation" name="operation" defaultValue={query.operation ?? ''} className={fieldClass}>
            <option value="">{texts.any}</option>
            {[...writes.map(({ name }) => name), resyncCustomer.name].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <Combobox
          key={query.actorId}
          what="person"
          name="actorId"
          label={texts.person}
          hint={settings.findPerson}
          chosen={person}
        />
        <div className="flex gap-3">
          {(['from', 'to'] as const).map((name) => (
            <div key={name}>
              <label htmlFor={name} className={labelClass}>
                {texts[name]}
              </label>
              <input id={name} name={name} type="date" defaultValue={query[name]} className={fieldClass} />
            </div>
          ))}
        </div>
        <Button type="submit" look="quiet">
          {texts.filter}
        </Button>
      </form>
      {items.length === 0 ? <p className="text-sm text-muted">{texts.none}</p> : null}
      <ol className="-my-2 divide-y">
        {items.map((entry) => (
          <Entry key={entry.id} entry={entry} zone={zone} />
        ))}
      </ol>
      {nextCursor ? (
        <Link
          href={`/settings/audit?${new URLSearchParams({ ...(query as Record<string, string>), cursor: nextCursor })}`}
          prefetch={false}
          className={buttonClass({ look: 'quiet', className: 'mt-4' })}
        >
          {texts.next}
        </Link>
      ) : null}
    </Section>
  )
}

/** The log is kept whatever the plan: it can be read from the day on which the plan has it. */
function NotInPlan() {
  return (
    <Section title={texts.notInPlan} text={texts.notInPlanText}>
      <ToPlans />
    </Section>
  )
}

/** Who is chosen, by their name; the entries of one who left are still there. */
async function personOf(actor: Actor, memberId: string) {
  try {
    const { id, name } = await execute(getMember, actor, { memberId })
    return { id, text: name }
  } catch (error) {
    if (error instanceof Problem && error.kind === 'notFound') return { id: memberId, text: texts.somebody }
    throw error
  }
}

function Entry({ entry, zone }: { entry: AuditEntry; zone: string }) {
  const changes = changesOf(entry)
  return (
    <li className="py-2.5 text-sm">
      <details>
        <summary className="flex flex-wrap items-baseline gap-x-3">
          <code className="font-semibold">{entry.operation}</code>
          <span className="text-muted">{texts.by(whoOf(entry))}</span>
          {entry.apiKeyId ? <span className="text-xs text-muted">{texts.byKey}</span> : null}
          <time dateTime={entry.at} className="ml-auto text-xs text-muted">
            {timeIn(zone, new Date(entry.at))}
          </time>
        </summary>
        <p className="mt-2 text-xs break-all text-muted">
          {entry.target} · {entry.requestId}
        </p>
        {changes.length > 0 ? (
          <table className="mt-2 w-full table-fixed text-xs">
            <thead>
              <tr className="text-left text-muted">
                <th scope="col" className="w-28 py-1">
                  <span className="sr-only">{texts.operation}</span>
                </th>
                <th scope="col" className="py-1">
                  {texts.before}
                </th>
                <th scope="col" className="py-1">
                  {texts.after}
                </th>
              </tr>
            </thead>
            <tbody>
              {changes.map(([field, before, after]) => (
                <tr key={field} className="align-top">
                  <th scope="row" className="py-1 pr-2 text-left">
                    {field}
                  </th>
                  <td className="py-1 pr-2 break-words text-danger">{before}</td>
                  <td className="py-1 break-words text-good">{after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : null}
      </details>
    </li>
  )
}

/** What nobody asked for is done by Worklane itself; what operators do as well, whoever it was. */
function whoOf({ actor, operation }: AuditEntry): string {
  if (actor) return actor.name
  if (operation === 'billing.converge' || operation === 'webhook.disable') return texts.worklane
  return operation.startsWith('operator.') ? texts.support : texts.somebody
}

/** The fields that differ, with what they were and are. */
function changesOf({ before, after }: AuditEntry): [string, string, string][] {
  const [was, is] = [before ?? {}, after ?? {}] as Record<string, unknown>[]
  const fields = [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])]
  const shown = (value: unknown) =>
    value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
  return fields
    .map((field): [string, string, string] => [field, shown(was?.[field]), shown(is?.[field])])
    .filter(([, old, fresh]) => old !== fresh)
}
