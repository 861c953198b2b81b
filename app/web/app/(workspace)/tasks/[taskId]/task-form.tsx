'use client'

import type { Label, Task, TaskPriority, TaskStatus } from '@worklane/domain/tasks/shapes.ts'
import { useRouter } from 'next/navigation'
import { type FormEvent, Fragment, type ReactNode, useState } from 'react'
import { Combobox } from '#web/components/combobox/combobox.tsx'
import { LabelTag, priorities, statuses } from '#web/components/task.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'
import { changesOf, type TaskFields, valuesOf } from './changes.ts'

type Props = { task: Task; mayWrite: boolean; mayRemove: boolean; children: ReactNode }
type Person = { id: string; name: string }

const { fields } = work.task

/**
 * The fields of a task; its description as it reads (the children) until somebody edits it. What is saved are the
 * fields that somebody changed here, and no others: the rest may be another person's work by now.
 */
export function TaskForm({ task, mayWrite, mayRemove, children }: Props) {
  const router = useRouter()
  const [isEditing, setEditing] = useState(false)
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null)
  /** The task that the fields began with; a version of it makes them anew. */
  const [shown, setShown] = useState({ task, version: 0 })
  /** What is known to be saved of the fields. */
  const [saved, setSaved] = useState(() => valuesOf(task))
  const [assignee, setAssignee] = useState<Person | null>(task.assignee)
  const [labels, setLabels] = useState(task.labels)
  const [isTouched, setTouched] = useState(false)
  // The server rendered anew: what it says counts, unless somebody is about to change it.
  if (shown.task !== task && !isTouched) {
    const isAnother = Object.keys(changesOf(valuesOf(task), saved)).length > 0
    setShown({ task, version: shown.version + (isAnother ? 1 : 0) })
    setSaved(valuesOf(task))
    setAssignee(task.assignee)
    setLabels(task.labels)
  }

  function touch() {
    setTouched(true)
    setSaid(null)
  }

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => (form.has(name) ? { [name]: String(form.get(name)) } : {})
    const given = {
      ...text('title'),
      ...text('description'),
      status: form.get('status') as TaskStatus,
      priority: form.get('priority') as TaskPriority,
      dueOn: String(form.get('due') ?? '') || null,
      assigneeId: assignee?.id ?? null,
      labelIds: labels.map(({ id }) => id),
    } satisfies Partial<TaskFields>
    const { status, ...changes } = changesOf(given, saved)
    try {
      const { api } = await import('#web/lib/api.ts')
      if (Object.keys(changes).length > 0) await api.task.update.mutate({ taskId: task.id, ...changes })
      // Should the move fail, only the move is sent again.
      setSaved((before) => ({ ...before, ...changes }))
      if (status) await api.task.move.mutate({ taskId: task.id, status })
      setSaved((before) => ({ ...before, ...given }))
      // What was rendered meanwhile knows nothing of it yet.
      setShown((before) => ({ ...before, task }))
      setSaid({ text: work.task.saved, bad: false })
      setEditing(false)
      setTouched(false)
      router.refresh()
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : work.task.failed, bad: true })
    }
  }

  async function remove() {
    if (!window.confirm(work.task.removeSure)) return
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.remove.mutate({ taskId: task.id })
      router.push(`/projects/${task.project.id}`)
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : work.task.failedToRemove, bad: true })
    }
  }

  return (
    <form onSubmit={save} onChange={touch}>
      <fieldset disabled={!mayWrite} className="flex flex-col gap-4 p-4">
        {isEditing ? (
          <Fragment key={shown.version}>
            <div>
              <label htmlFor="title" className={labelClass}>
                {fields.title}
              </label>
              <input
                id="title"
                name="title"
                defaultValue={saved.title}
                required
                maxLength={200}
                className={fieldClass}
              />
            </div>
            <div>
              <label htmlFor="description" className={labelClass}>
                {fields.description}
              </label>
              <textarea
                id="description"
                name="description"
                defaultValue={saved.description}
                rows={8}
                maxLength={10_000}
                className={`${fieldClass} h-auto py-2 leading-relaxed`}
              />
            </div>
          </Fragment>
        ) : (
          <div className="flex items-start justify-between gap-4">
            <div className="min-w-0">{children}</div>
            {mayWrite ? (
              <Button look="quiet" onClick={() => setEditing(true)} data-shortcut="e">
                {work.task.edit}
              </Button>
            ) : null}
          </div>
        )}
        <div key={shown.version} className="grid gap-4 sm:grid-cols-2">
          <Choice
            name="status"
            value={saved.status}
            label={fields.status}
            options={statuses}
            words={work.status}
          />
          <Choice
            name="priority"
            value={saved.priority}
            label={fields.priority}
            options={priorities}
            words={work.priority}
          />
          <Combobox
            what="person"
            id="assignee"
            label={fields.assignee}
            hint={fields.nobody}
            chosen={assignee && { id: assignee.id, text: assignee.name }}
            onChoose={(person) => {
              touch()
              setAssignee(person && { id: person.id, name: person.text })
            }}
          />
          <div>
            <label htmlFor="due" className={labelClass}>
              {fields.due}
            </label>
            <input id="due" name="due" type="date" defaultValue={saved.dueOn ?? ''} className={fieldClass} />
          </div>
        </div>
        {isEditing ? (
          <Labels
            chosen={labels}
            choose={(all) => {
              touch()
              setLabels(all)
            }}
          />
        ) : null}
        {mayWrite ? (
          <div className="flex items-center gap-3">
            <Button type="submit">{work.task.save}</Button>
            <p role="status" className={`flex-1 text-sm ${said?.bad ? 'text-danger' : 'text-good'}`}>
              {said?.text}
            </p>
            {mayRemove ? (
              <Button look="bare" onClick={remove}>
                {work.task.remove}
              </Button>
            ) : null}
          </div>
        ) : (
          <p className="text-sm text-muted">{work.task.readOnly}</p>
        )}
      </fieldset>
    </form>
  )
}

function Labels({ chosen, choose }: { chosen: Label[]; choose: (all: Label[]) => void }) {
  return (
    <fieldset>
      <legend className={labelClass}>{fields.labels}</legend>
      <div className="mb-2 flex flex-wrap gap-2">
        {chosen.map((label) => (
          <span key={label.id} className="inline-flex items-center">
            <LabelTag label={label} />
            <button
              type="button"
              aria-label={fields.removeLabel(label.name)}
              onClick={() => choose(chosen.filter(({ id }) => id !== label.id))}
              className="grid size-7 place-items-center rounded-md text-muted hover:bg-sunken hover:text-danger"
            >
              ×
            </button>
          </span>
        ))}
      </div>
      <Combobox
        what="label"
        label={fields.addLabel}
        clears
        without={chosen.map(({ id }) => id)}
        onChoose={(option) => {
          if (option)
            choose([...chosen, { id: option.id, name: option.text, colour: option.colour ?? 'grey' }])
        }}
      />
    </fieldset>
  )
}

type ChoiceProps<Value extends string> = {
  name: string
  label: string
  value: Value
  options: readonly Value[]
  words: Record<Value, string>
}

function Choice<Value extends string>({ name, label, value, options, words }: ChoiceProps<Value>) {
  return (
    <div>
      <label htmlFor={name} className={labelClass}>
        {label}
      </label>
      <select id={name} name={name} defaultValue={value} className={fieldClass}>
        {options.map((option) => (
          <option key={option} value={option}>
            {words[option]}
          </option>
        ))}
      </select>
    </div>
  )
}
