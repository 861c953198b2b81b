import { listActions, type OperatorAction } from '@worklane/domain/operators/log.ts'
import { executeAsOperator } from '@worklane/domain/operators/perform.ts'
import type { Metadata } from 'next'
import { requireOperator } from '#web/auth/operator.ts'
import { Streamed } from '#web/components/settings/section.tsx'
import { Empty } from '#web/components/ui/card.tsx'
import { type Query, readQuery } from '#web/lib/query.ts'
import { operators } from '#web/texts/operators.ts'
import { Heading } from '../heading.tsx'
import { Pages } from '../pages.tsx'
import { moment } from '../times.ts'

const { log: texts } = operators

export const metadata: Metadata = { title: operators.sections.log }

const { cursor } = listActions.input.shape

type Props = { searchParams: Promise<Query> }

export default function LogPage({ searchParams }: Props) {
  return (
    <>
      <Heading>{operators.sections.log}</Heading>
      <Streamed>
        <Log searchParams={searchParams} />
      </Streamed>
    </>
  )
}

async function Log({ searchParams }: Props) {
  const [operator, asked] = await Promise.all([requireOperator(), searchParams])
  const { cursor: from } = readQuery(asked, { cursor })
  const { items, nextCursor } = await executeAsOperator(listActions, operator, { cursor: from, limit: 50 })
  return (
    <>
      <div className="overflow-hidden rounded-xl border bg-surface">
        {items.length === 0 ? (
          <Empty>{texts.none}</Empty>
        ) : (
          <ol className="divide-y">
            {items.map((action) => (
              <Action key={action.id} action={action} />
            ))}
          </ol>
        )}
      </div>
      <Pages path="/operators/log" query={{}} isLater={from !== undefined} nextCursor={nextCursor} />
    </>
  )
}

const looks = {
  asked: 'bg-sunken text-muted',
  done: 'bg-good-soft text-good',
  refused: 'bg-warn-soft text-warn',
  failed: 'bg-danger-soft text-danger',
} as const satisfies Record<OperatorAction['outcome'], string>

function Action({ action: { at, operator, action, target, outcome, detail } }: { action: OperatorAction }) {
  return (
    <li className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-x-3 gap-y-1 px-4 py-2.5 text-sm sm:grid-cols-[5.5rem_minmax(0,1fr)_minmax(0,14rem)_9rem]">
      <span
        className={`self-start rounded-md px-1.5 py-0.5 text-center text-xs font-semibold ${looks[outcome]}`}
      >
        {texts.outcomes[outcome]}
      </span>
      <span className="min-w-0">
        <code className="font-semibold">{action}</code> <code className="break-all text-muted">{target}</code>
        {detail ? <span className="mt-1 block break-words text-muted">{detail}</span> : null}
      </span>
      <span className="col-start-2 truncate text-muted sm:col-start-auto">{operator ?? texts.owner}</span>
      <time
        dateTime={at}
        className="col-start-2 text-xs leading-5 text-muted tabular-nums sm:col-start-auto sm:text-right"
      >
        {moment(at)}
      </time>
    </li>
  )
}
