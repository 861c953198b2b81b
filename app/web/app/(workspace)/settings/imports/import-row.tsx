import type { Import } from '@worklane/domain/imports/shapes.ts'
import Link from 'next/link'
import { useState } from 'react'
import { Progress } from '#web/components/progress.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { ago, type Clock } from '#web/lib/format.ts'
import { exports, imports as texts } from '#web/texts/exports.ts'
import { work } from '#web/texts/work.ts'

type Props = { row: Import; clock: Clock; isLatest: boolean; apply: () => Promise<void> }

/** One import: its file, and what was found in it or became of it. */
export function ImportRow({ row, clock, isLatest, apply }: Props) {
  const { name, state, rowsTotal, createdBy, createdAt } = row
  const [isPending, setPending] = useState(false)

  async function go() {
    setPending(true)
    await apply()
    setPending(false)
  }

  return (
    <li className="py-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-48 flex-1">
          <p className="truncate font-semibold" title={name}>
            {name}
          </p>
          <p className="text-xs text-muted">
            {exports.by(createdBy?.name ?? work.activity.left, ago(createdAt, clock))}
          </p>
        </div>
        {state === 'checked' ? (
          <Button disabled={isPending} onClick={go}>
            {texts.apply(rowsTotal)}
          </Button>
        ) : null}
        {state === 'done' ? (
          <Link href="/tasks" prefetch={false} className={buttonClass({ look: 'quiet' })}>
            {texts.toTasks}
          </Link>
        ) : null}
      </div>
      <State row={row} isLatest={isLatest} />
    </li>
  )
}

function State({ row, isLatest }: Pick<Props, 'row' | 'isLatest'>) {
  const { name, state, rowsDone, rowsTotal, error } = row
  if (state === 'refused') return <Problems row={row} isOpen={isLatest} />
  if (state === 'running')
    return (
      <>
        <Progress label={texts.progress(name)} value={rowsDone} max={rowsTotal} />
        <p className="text-xs text-muted tabular-nums">{texts.added(rowsDone, rowsTotal)}</p>
      </>
    )
  if (state === 'failed')
    return (
      <p className="text-xs text-danger">
        {texts.state.failed}. {error} {texts.added(rowsDone, rowsTotal)}.
      </p>
    )
  if (state === 'done') return <p className="text-xs text-good">{texts.added(rowsDone, rowsTotal)}</p>
  return (
    <p className="text-xs text-muted">
      {texts.state[state]} · {texts.rows(rowsTotal)}
    </p>
  )
}

/** Each mistake by its line, as an editor counts them. */
function Problems({ row, isOpen }: { row: Import; isOpen: boolean }) {
  const { name, problems, problemsTotal } = row
  return (
    <details open={isOpen} className="mt-1">
      <summary className="text-xs text-danger">{texts.problems(problemsTotal)}</summary>
      <div className="mt-2 overflow-x-auto rounded-lg border">
        <table aria-label={texts.problemsOf(name)} className="w-full text-xs">
          <thead className="bg-sunken text-left">
            <tr>
              <th scope="col" className="px-3 py-2">
                {texts.line}
              </th>
              <th scope="col" className="px-3 py-2">
                {texts.column}
              </th>
              <th scope="col" className="px-3 py-2">
                {texts.reason}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {problems.map(({ line, column, reason }) => (
              <tr key={`${line} ${column} ${reason}`} className="align-top">
                <td className="px-3 py-1.5 tabular-nums">{line}</td>
                <td className="px-3 py-1.5 font-semibold">{column || '–'}</td>
                <td className="px-3 py-1.5 break-words">{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {problems.length < problemsTotal ? (
        <p className="mt-1 text-xs text-muted">{texts.first(problems.length)}</p>
      ) : null}
    </details>
  )
}
