'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { Choice } from '#web/components/combobox/choice.tsx'
import { type Option, useFound } from '#web/components/combobox/found.ts'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'
import { type Attaching, AttachToComment } from './files/attach-to-comment.tsx'

export function CommentForm({ taskId, hasFiles }: { taskId: string; hasFiles: boolean }) {
  const router = useRouter()
  const field = useRef<HTMLTextAreaElement>(null)
  const [word, setWord] = useState<string | null>(null)
  const [chosen, setChosen] = useState(0)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const [attaching, setAttaching] = useState<Attaching>({ fileIds: [], isBusy: false })
  /** A sent comment's files are its own: the next one begins with none. */
  const [sent, setSent] = useState(0)
  const { options: found, nextCursor, more } = useFound('person', word)
  const count = found.length + (nextCursor ? 1 : 0)

  /** The word after an @ that the cursor stands in. */
  function look() {
    const { value, selectionStart } = field.current as HTMLTextAreaElement
    const typed = /(?:^|\s)@([\p{L}\p{N} .-]{0,30})$/u.exec(value.slice(0, selectionStart))
    setWord(typed?.[1] ?? null)
    setChosen(0)
  }

  function mention({ id, text }: Option) {
    const area = field.current as HTMLTextAreaElement
    const start = area.selectionStart - (word?.length ?? 0) - 1
    area.setRangeText(`@[${text}](${id}) `, start, area.selectionStart, 'end')
    setWord(null)
    area.focus()
  }

  /** The last one of the list asks for more of it. */
  function take(place: number) {
    const person = found[place]
    if (person) mention(person)
    else more()
  }

  function keys(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) field.current?.form?.requestSubmit()
    if (count === 0) return
    if (event.key === 'Escape') return setWord(null)
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % count)
    else if (event.key === 'ArrowUp') setChosen((chosen + count - 1) % count)
    else if (event.key === 'Enter' || event.key === 'Tab') take(chosen)
    else return
    event.preventDefault()
  }

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    setPending(true)
    setError(null)
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.comment.create.mutate({
        taskId,
        body: String(new FormData(form).get('body')),
        fileIds: attaching.fileIds,
      })
      form.reset()
      setSent(sent + 1)
      router.refresh()
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : work.comments.failed)
    }
    setPending(false)
  }

  return (
    <form onSubmit={send} className="relative border-b p-4">
      <label htmlFor="comment" className={labelClass}>
        {work.comments.label}
      </label>
      <textarea
        ref={field}
        id="comment"
        name="body"
        rows={3}
        required
        maxLength={10_000}
        aria-describedby="comment-hint"
        aria-controls={found.length > 0 ? 'mentions' : undefined}
        aria-activedescendant={chosen < count ? `mention-${chosen}` : undefined}
        onInput={look}
        onKeyDown={keys}
        className={`${fieldClass} h-auto py-2 leading-relaxed`}
      />
      {found.length > 0 ? (
        <div
          id="mentions"
          role="listbox"
          tabIndex={-1}
          aria-label={work.comments.people}
          className="absolute z-10 -mt-1 max-h-72 w-64 overflow-y-auto rounded-lg border bg-surface p-1 shadow-lg"
        >
          {found.map((person, place) => (
            <Choice key={person.id} id={`mention-${place}`} isAt={place === chosen} take={() => take(place)}>
              {person.text}
            </Choice>
          ))}
          {nextCursor ? (
            <Choice
              id={`mention-${found.length}`}
              isAt={chosen === found.length}
              take={() => take(found.length)}
            >
              <span className="text-accent-text">{work.combobox.more}</span>
            </Choice>
          ) : null}
        </div>
      ) : null}
      {hasFiles ? <AttachToComment key={sent} taskId={taskId} tell={setAttaching} /> : null}
      <div className="mt-2 flex items-center gap-3">
        <p id="comment-hint" className="flex-1 text-xs text-muted">
          {work.comments.hint}
        </p>
        <Button type="submit" disabled={isPending || attaching.isBusy}>
          {work.comments.send}
        </Button>
      </div>
      {error ? (
        <p role="alert" className="mt-2 text-sm text-danger">
          {error}
        </p>
      ) : null}
    </form>
  )
}
