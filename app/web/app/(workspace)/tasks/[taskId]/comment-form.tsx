'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { type Person, usePeople } from '#web/components/people.ts'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'

export function CommentForm({ taskId }: { taskId: string }) {
  const router = useRouter()
  const field = useRef<HTMLTextAreaElement>(null)
  const [word, setWord] = useState<string | null>(null)
  const [chosen, setChosen] = useState(0)
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)
  const found = usePeople(word)

  /** The word after an @ that the cursor stands in. */
  function look() {
    const { value, selectionStart } = field.current as HTMLTextAreaElement
    const typed = /(?:^|\s)@([\p{L}\p{N} .-]{0,30})$/u.exec(value.slice(0, selectionStart))
    setWord(typed?.[1] ?? null)
    setChosen(0)
  }

  function mention({ id, name }: Person) {
    const area = field.current as HTMLTextAreaElement
    const start = area.selectionStart - (word?.length ?? 0) - 1
    area.setRangeText(`@[${name}](${id}) `, start, area.selectionStart, 'end')
    setWord(null)
    area.focus()
  }

  function keys(event: KeyboardEvent) {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) field.current?.form?.requestSubmit()
    const person = found[chosen]
    if (!person) return
    if (event.key === 'Escape') return setWord(null)
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % found.length)
    else if (event.key === 'ArrowUp') setChosen((chosen + found.length - 1) % found.length)
    else if (event.key === 'Enter' || event.key === 'Tab') mention(person)
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
      await api.comment.create.mutate({ taskId, body: String(new FormData(form).get('body')) })
      form.reset()
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
        aria-activedescendant={found[chosen] ? `mention-${found[chosen].id}` : undefined}
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
          className="absolute z-10 -mt-1 w-64 rounded-lg border bg-surface p-1 shadow-lg"
        >
          {found.map((person, place) => (
            <div
              key={person.id}
              id={`mention-${person.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={place === chosen}
              onMouseDown={(event) => {
                event.preventDefault()
                mention(person)
              }}
              className="cursor-pointer rounded-md px-2.5 py-1.5 text-sm hover:bg-sunken aria-selected:bg-sunken"
            >
              {person.name}
            </div>
          ))}
        </div>
      ) : null}
      <div className="mt-2 flex items-center gap-3">
        <p id="comment-hint" className="flex-1 text-xs text-muted">
          {work.comments.hint}
        </p>
        <Button type="submit" disabled={isPending}>
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
