import { bytes } from '@worklane/domain/billing/amounts.ts'
import type { Export } from '@worklane/domain/exports/shapes.ts'
import { useState } from 'react'
import { Progress } from '#web/components/progress.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { ago, type Clock, shortDate } from '#web/lib/format.ts'
import { exports as texts } from '#web/texts/exports.ts'
import { work } from '#web/texts/work.ts'

type Props = { row: Export; clock: Clock; download: () => Promise<void>; cancel: () => Promise<void> }

/** One export: how far it is, and what can be done with it. */
export function ExportRow({ row, clock, download, cancel }: Props) {
  const { kind, format, filters, state, createdBy, createdAt } = row
  const name = texts.title(kind, format)
  const when = ago(createdAt, clock)
  const isGoing = state === 'waiting' || state === 'running'
  return (
    <li className="py-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-48 flex-1">
          <p className="font-semibold">
            {name}
            {Object.keys(filters).length > 0 ? (
              <span className="font-normal text-muted"> · {texts.narrowed}</span>
            ) : null}
          </p>
          <p className="text-xs text-muted">{texts.by(createdBy?.name ?? work.activity.left, when)}</p>
          {state === 'running' ? null : <State row={row} clock={clock} />}
        </div>
        <div className="flex gap-1">
          {state === 'ready' ? (
            <>
              <Action
                look="quiet"
                label={texts.downloadOf(name, when)}
                text={texts.download}
                run={download}
              />
              <Action look="bare" label={texts.removeOf(name, when)} text={texts.remove} run={cancel} />
            </>
          ) : null}
          {isGoing ? (
            <Action look="bare" label={texts.cancelOf(name, when)} text={texts.cancel} run={cancel} />
          ) : null}
        </div>
      </div>
      {state === 'running' ? <Written row={row} /> : null}
    </li>
  )
}

function Written({ row: { kind, format, rowsDone, rowsTotal } }: Pick<Props, 'row'>) {
  return (
    <>
      <Progress label={texts.progress(texts.title(kind, format))} value={rowsDone} max={rowsTotal} />
      <p className="text-xs text-muted tabular-nums">{texts.rows(rowsDone, rowsTotal)}</p>
    </>
  )
}

function State({ row, clock }: Pick<Props, 'row' | 'clock'>) {
  const { state, rowsDone, bytes: size, error, expiresAt } = row
  if (state === 'ready' && expiresAt)
    return (
      <p className="text-xs text-muted tabular-nums">
        {texts.file(bytes(size), rowsDone, shortDate(expiresAt, clock))}
      </p>
    )
  if (state === 'failed')
    return (
      <p className="text-xs text-danger">
        {texts.state.failed}. {error}
      </p>
    )
  return <p className="text-xs text-muted">{texts.state[state]}</p>
}

type ActionProps = { look: 'quiet' | 'bare'; label: string; text: string; run: () => Promise<void> }

function Action({ look, label, text, run }: ActionProps) {
  const [isPending, setPending] = useState(false)

  async function go() {
    setPending(true)
    await run()
    setPending(false)
  }

  return (
    <button
      type="button"
      aria-label={label}
      disabled={isPending}
      onClick={go}
      className={buttonClass({ look })}
    >
      {text}
    </button>
  )
}
