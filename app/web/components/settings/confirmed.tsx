'use client'

import { type FormEvent, type ReactNode, useRef } from 'react'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { settings } from '#web/texts/settings.ts'
import { useAct } from './act.ts'
import { Said } from './said.tsx'

type Props = {
  /** On the button, and again on the one that does it. */
  name: string
  text: string
  /** What has to be typed; nothing when pressing twice is enough. */
  typed?: string
  /** A small button among others, instead of one of its own. */
  small?: ReactNode
  /** Of the buttons; what cannot be undone warns, unless it is said otherwise. */
  looks?: { open: Look; confirm: Look }
  /** On the button that does nothing, where "Cancel" could be taken for what is asked. */
  back?: string
  run: (typed: string) => Parameters<ReturnType<typeof useAct>['act']>[0]
  after?: () => void
}

type Look = NonNullable<Parameters<typeof buttonClass>[0]>['look']
const warning = { open: 'warning', confirm: 'danger' } as const

/** A button that asks before it does what cannot be undone. */
export function Confirmed({ name, text, typed, small, looks = warning, back, run, after }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const { act, said, isPending } = useAct()

  async function confirm(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const value = String(new FormData(event.currentTarget).get('typed') ?? '')
    if (!(await act(run(value)))) return
    dialog.current?.close()
    after?.()
  }

  const open = () => dialog.current?.showModal()
  return (
    <>
      {small ? (
        <button
          type="button"
          aria-label={name}
          onClick={open}
          className="rounded-md px-2 py-1 text-sm text-muted hover:bg-sunken hover:text-danger"
        >
          {small}
        </button>
      ) : (
        <button type="button" onClick={open} className={buttonClass({ look: looks.open })}>
          {name}
        </button>
      )}
      <dialog
        ref={dialog}
        aria-label={name}
        className="m-auto w-full max-w-md rounded-xl border bg-surface p-5 text-ink backdrop:bg-black/40 max-sm:max-w-[calc(100vw-2rem)]"
      >
        <form onSubmit={confirm}>
          <h3 className="mb-2 text-lg font-semibold">{name}</h3>
          <p className="mb-4 text-sm text-muted">{text}</p>
          {typed ? (
            <label className={labelClass}>
              {settings.confirm(typed)}
              <input
                name="typed"
                required
                autoComplete="off"
                className={`${fieldClass} mt-1.5 font-normal`}
              />
            </label>
          ) : null}
          <Said said={said?.bad ? said : null} />
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button look="bare" onClick={() => dialog.current?.close()}>
              {back ?? settings.cancel}
            </Button>
            <button type="submit" disabled={isPending} className={buttonClass({ look: looks.confirm })}>
              {name}
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}
