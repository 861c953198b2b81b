'use client'

import type { DeadLetter } from '@worklane/domain/operators/dead-letters.ts'
import { type Act, useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { Empty } from '#web/components/ui/card.tsx'
import { operators } from '#web/texts/operators.ts'

const { deadLetters: texts } = operators

/** A dead letter with its times in words. */
export type Letter = Omit<DeadLetter, 'createdAt' | 'failedAt'> & { made: string; failed: string }

/** What came of a retry is said above the list: the job itself is none of it any more. */
export function Letters({ letters }: { letters: Letter[] }) {
  const act = useAct()
  return (
    <>
      <div className="mb-3 empty:hidden">
        <Said said={act.said} />
      </div>
      <div className="overflow-hidden rounded-xl border bg-surface">
        {letters.length === 0 ? (
          <Empty>{texts.none}</Empty>
        ) : (
          <ul className="divide-y">
            {letters.map((letter) => (
              <Row key={`${letter.queue} ${letter.id}`} letter={letter} act={act} />
            ))}
          </ul>
        )}
      </div>
    </>
  )
}

const theirs = async () => (await import('#web/lib/operator-api.ts')).operatorApi.operator

function Row({ letter, act: { act, isPending } }: { letter: Letter; act: Act }) {
  const { queue, id, name, organisation, tries, error, made, failed } = letter
  const job = { queue, jobId: id }
  const retry = () => act(async () => void (await (await theirs()).retry.mutate(job)), texts.retried(name))
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-3 px-4 py-3.5 text-sm">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2.5">
          <span className="rounded-md bg-sunken px-1.5 py-0.5 text-xs font-semibold text-muted">
            {texts.queues[queue]}
          </span>
          <code className="font-semibold break-all">{name}</code>
          {organisation ? <span className="text-muted">{organisation.name || operators.gone}</span> : null}
        </p>
        <p className="mt-1.5 break-words text-danger">{error || texts.noError}</p>
        <p className="mt-1 text-xs text-muted">
          {[texts.tries(tries), failed, made].join(' · ')} · <code className="break-all">{id}</code>
        </p>
      </div>
      <div className="flex items-center gap-1">
        <Button look="quiet" disabled={isPending} aria-label={texts.retryOf(name, id)} onClick={retry}>
          {texts.retry}
        </Button>
        <Confirmed
          name={texts.discardOf(name)}
          text={name === 'billing.sync' ? texts.discardReading : texts.discardText}
          small={texts.discard}
          run={() => async () => void (await (await theirs()).discard.mutate(job))}
        />
      </div>
    </li>
  )
}
