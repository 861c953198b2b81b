import { bytes } from '@worklane/domain/billing/amounts.ts'
import { RefusalText } from '#web/components/refusal.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { files as texts } from '#web/texts/files.ts'
import type { Progress } from './uploading.ts'

type Props = { upload: Progress; pause: () => void; resume: () => void; cancel: () => void }

/** One upload: how far it is, and what can be done about it. */
export function UploadRow({ upload, pause, resume, cancel }: Props) {
  const { name, size, sent, state, inParts, refusal } = upload
  const act = (text: string, label: string, work: () => void) => (
    <button
      type="button"
      aria-label={label}
      onClick={work}
      className={`${buttonClass({ look: 'bare' })} px-2`}
    >
      {text}
    </button>
  )
  return (
    <li className="px-4 py-3 text-sm">
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 truncate font-semibold" title={name}>
          {name}
        </span>
        {state === 'sending' && inParts ? act(texts.pause, texts.pauseOf(name), pause) : null}
        {state === 'paused' ? act(texts.resume, texts.resumeOf(name), resume) : null}
        {state === 'failed' && refusal?.text === texts.failed
          ? act(texts.retry, texts.retryOf(name), resume)
          : null}
        {state === 'failed'
          ? act(texts.dismiss, texts.dismissOf(name), cancel)
          : act(texts.cancel, texts.cancelOf(name), cancel)}
      </div>
      {state === 'failed' ? (
        <RefusalText refusal={refusal ?? { text: texts.failed, way: null }} />
      ) : (
        <>
          <progress
            aria-label={texts.progress(name)}
            max={size}
            value={sent}
            className="my-1 block h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
          />
          <p className="text-xs text-muted tabular-nums">{said(upload)}</p>
        </>
      )}
      {state === 'offline' ? (
        <p role="status" className="mt-1 text-xs text-warn">
          {texts.offline}
        </p>
      ) : null}
    </li>
  )
}

function said({ state, sent, size }: Progress): string {
  const far = texts.sent(bytes(sent), bytes(size))
  if (state === 'waiting') return texts.waiting
  return state === 'paused' ? `${texts.paused} · ${far}` : far
}
