'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useRef, useState } from 'react'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'

export function NewTask({ projectId }: { projectId: string }) {
  const router = useRouter()
  const dialog = useRef<HTMLDialogElement>(null)
  const [error, setError] = useState<string | null>(null)

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.create.mutate({ projectId, title: String(new FormData(form).get('title')) })
      form.reset()
      dialog.current?.close()
      router.refresh()
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : work.board.failedToAdd)
    }
  }

  return (
    <>
      <Button data-shortcut="c" onClick={() => dialog.current?.showModal()}>
        {work.board.newTask}
      </Button>
      <dialog
        ref={dialog}
        aria-labelledby="new-task"
        className="m-auto w-full max-w-md rounded-xl border bg-surface p-5 text-ink backdrop:bg-black/40"
      >
        <h2 id="new-task" className="mb-4 text-lg font-semibold">
          {work.board.newTask}
        </h2>
        <form onSubmit={create}>
          <label htmlFor="task-title" className={labelClass}>
            {work.board.taskTitle}
          </label>
          <input id="task-title" name="title" required maxLength={200} className={fieldClass} />
          {error ? (
            <p role="alert" className="mt-2 text-sm text-danger">
              {error}
            </p>
          ) : null}
          <div className="mt-5 flex justify-end gap-2">
            <button
              type="button"
              onClick={() => dialog.current?.close()}
              className={buttonClass({ look: 'bare' })}
            >
              {work.board.cancel}
            </button>
            <Button type="submit">{work.board.addTask}</Button>
          </div>
        </form>
      </dialog>
    </>
  )
}
