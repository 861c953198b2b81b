import { EventState, listEvents, type StripeEvent } from '@worklane/domain/operators/events.ts'
import { executeAsOperator } from '@worklane/domain/operators/perform.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { requireOperator } from '#web/auth/operator.ts'
import { Streamed } from '#web/components/settings/section.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { Empty } from '#web/components/ui/card.tsx'
import { fieldClass } from '#web/components/ui/field.tsx'
import { ago, type Clock } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { operators } from '#web/texts/operators.ts'
import { Customer } from './customer.tsx'
import { Heading } from './heading.tsx'
import { Pages } from './pages.tsx'
import { Payload } from './payload.tsx'
import { moment, utcNow } from './times.ts'

const { events: texts } = operators

export const metadata: Metadata = { title: operators.sections.events }

const { type, customer, state, cursor } = listEvents.input.shape

type Props = { searchParams: Promise<Query> }

export default function EventsPage({ searchParams }: Props) {
  return (
    <>
      <Heading>{operators.sections.events}</Heading>
      <Streamed>
        <Events searchParams={searchParams} />
      </Streamed>
    </>
  )
}

async function Events({ searchParams }: Props) {
  const [operator, asked] = await Promise.all([requireOperator(), searchParams])
  const query = readQuery(asked, { type, customer, state })
  const { cursor: from } = readQuery(asked, { cursor })
  const { items, nextCursor } = await executeAsOperator(listEvents, operator, {
    ...query,
    cursor: from,
    limit: 30,
  })
  const clock = utcNow()
  const known = query as Record<string, string>
  return (
    <>
      <form action="/operators" className="mb-4 flex flex-wrap gap-2">
        <select
          name="state"
          aria-label={texts.state}
          defaultValue={query.state ?? ''}
          className={`${fieldClass} sm:max-w-40`}
        >
          <option value="">{texts.any}</option>
          {EventState.options.map((each) => (
            <option key={each} value={each}>
              {texts.states[each]}
            </option>
          ))}
        </select>
        {(['type', 'customer'] as const).map((name) => (
          <input
            key={name}
            name={name}
            aria-label={texts[name]}
            placeholder={texts[`${name}Hint`]}
            defaultValue={query[name]}
            className={`${fieldClass} sm:max-w-56`}
          />
        ))}
        <Button type="submit" look="quiet">
          {operators.filter}
        </Button>
        {Object.keys(query).length > 0 ? (
          <Link href="/operators" prefetch={false} className={buttonClass({ look: 'bare' })}>
            {operators.clear}
          </Link>
        ) : null}
      </form>
      {query.customer ? <Customer id={query.customer} clock={clock} /> : null}
      <div className="overflow-hidden rounded-xl border bg-surface">
        {items.length === 0 ? (
          <Empty>{texts.none}</Empty>
        ) : (
          <ul className="divide-y">
            {items.map((event) => (
              <Event key={event.id} event={event} clock={clock} />
            ))}
          </ul>
        )}
      </div>
      <Pages path="/operators" query={known} isLater={from !== undefined} nextCursor={nextCursor} />
    </>
  )
}

const looks = {
  processed: 'bg-good-soft text-good',
  waiting: 'bg-warn-soft text-warn',
  dead: 'bg-danger-soft text-danger',
  ignored: 'bg-sunken text-muted',
} as const satisfies Record<StripeEvent['state'], string>

function Event({ event, clock }: { event: StripeEvent; clock: Clock }) {
  const { id, type, state, customer, organisation, createdAt, receivedAt, processedAt } = event
  return (
    <li>
      <details className="group">
        <summary className="grid grid-cols-[5.5rem_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2.5 text-sm group-open:bg-sunken hover:bg-sunken sm:grid-cols-[5.5rem_minmax(0,1fr)_minmax(0,14rem)_6rem]">
          <span className={`rounded-md px-1.5 py-0.5 text-center text-xs font-semibold ${looks[state]}`}>
            {texts.states[state]}
          </span>
          <code className="truncate">{type}</code>
          <span className="hidden truncate text-muted sm:block">{organisation?.name ?? ''}</span>
          <time dateTime={createdAt} className="text-right text-xs whitespace-nowrap text-muted">
            {ago(createdAt, clock)}
          </time>
        </summary>
        <div className="px-4 pt-3 pb-4 text-sm">
          <p className="mb-3 text-muted">{texts.meanings[state]}</p>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
            <Detail name={texts.id} value={id} isCode />
            <Detail name={texts.of} value={organisation?.name ?? operators.nobody} />
            <Detail name={texts.customer} value={customer ?? '–'} isCode />
            <Detail name={texts.createdAt} value={moment(createdAt)} />
            <Detail name={texts.receivedAt} value={moment(receivedAt)} />
            <Detail name={texts.processedAt} value={processedAt ? moment(processedAt) : texts.notYet} />
          </dl>
          <div className="mt-4 flex flex-wrap gap-2">
            <Payload id={id} />
            {customer && organisation ? (
              <Link
                href={`/operators?customer=${customer}`}
                prefetch={false}
                className={buttonClass({ look: 'quiet' })}
              >
                {texts.ofCustomer}
              </Link>
            ) : null}
          </div>
        </div>
      </details>
    </li>
  )
}

function Detail({ name, value, isCode = false }: { name: string; value: string; isCode?: boolean }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-all tabular-nums">{isCode ? <code>{value}</code> : value}</dd>
    </>
  )
}
