import { listDeadLetters, QueueName } from '@worklane/domain/operators/dead-letters.ts'
import { executeAsOperator } from '@worklane/domain/operators/perform.ts'
import type { Metadata } from 'next'
import { requireOperator } from '#web/auth/operator.ts'
import { Streamed } from '#web/components/settings/section.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass } from '#web/components/ui/field.tsx'
import { ago } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { operators } from '#web/texts/operators.ts'
import { Heading } from '../heading.tsx'
import { Pages } from '../pages.tsx'
import { utcNow } from '../times.ts'
import { Letters } from './letters.tsx'

const { deadLetters: texts } = operators

export const metadata: Metadata = { title: operators.sections.deadLetters }

const { cursor } = listDeadLetters.input.shape

type Props = { searchParams: Promise<Query> }

export default function DeadLettersPage({ searchParams }: Props) {
  return (
    <>
      <Heading>{operators.sections.deadLetters}</Heading>
      <Streamed>
        <DeadLetters searchParams={searchParams} />
      </Streamed>
    </>
  )
}

async function DeadLetters({ searchParams }: Props) {
  const [operator, asked] = await Promise.all([requireOperator(), searchParams])
  const query = readQuery(asked, { queue: QueueName })
  const { cursor: from } = readQuery(asked, { cursor })
  const { items, nextCursor } = await executeAsOperator(listDeadLetters, operator, {
    ...query,
    cursor: from,
    limit: 30,
  })
  const clock = utcNow()
  const letters = items.map(({ createdAt, failedAt, ...letter }) => ({
    ...letter,
    made: texts.made(ago(createdAt, clock)),
    failed: texts.failed(ago(failedAt, clock)),
  }))
  return (
    <>
      <form action="/operators/dead-letters" className="mb-4 flex flex-wrap gap-2">
        <select
          name="queue"
          aria-label={texts.queue}
          defaultValue={query.queue ?? ''}
          className={`${fieldClass} max-w-40`}
        >
          <option value="">{texts.any}</option>
          {QueueName.options.map((each) => (
            <option key={each} value={each}>
              {texts.queues[each]}
            </option>
          ))}
        </select>
        <Button type="submit" look="quiet">
          {operators.filter}
        </Button>
      </form>
      <Letters letters={letters} />
      <Pages
        path="/operators/dead-letters"
        query={query as Record<string, string>}
        isLater={from !== undefined}
        nextCursor={nextCursor}
      />
    </>
  )
}
