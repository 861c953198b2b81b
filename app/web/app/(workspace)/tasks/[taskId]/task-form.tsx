'use client'

import type { Label, Task, TaskPriority, TaskStatus } from '@worklane/domain/tasks/shapes.ts'
import { useRouter } from 'next/navigation'
import { type FormEvent, type ReactNode, useState } from 'react'
import { LabelTag, priorities, statuses } from '#web/components/task.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'

type Person = { id: string; name: string }
type Props = { task: Task; mayWrite: boolean; mayRemove: boolean; children: ReactNode }

const { fields } = work.task

/** The fields of a task; its description as it reads (the children) until somebody edits it. */
export function TaskForm({ task, mayWrite, mayRemove, children }: Props) {
  const router = useRouter()
  const [isEditing, setEditing] = useState(false)
  const [people, setPeople] = useState<Person[]>(task.assignee ? [task.assignee] : [])
  const [labels, setLabels] = useState<Label[] | null>(null)
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null)

  /** People and labels are asked for when somebody means to change them, not with every task. */
  async function edit() {
    setEditing(true)
    const { api } = await import('#web/lib/api.ts')
    const [members, known] = await Promise.all([
      api.member.list.query({ limit: 200 }),
      api.label.list.query({}),
    ])
    setPeople(members.items)
    setLabels(known.items)
  }

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '')
    const status = text('status') as TaskStatus
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.update.mutate({
        taskId: task.id,
        ...(isEditing ? { title: text('title'), description: text('description') } : {}),
        ...(labels
          ? { assigneeId: text('assignee') || null, labelIds: form.getAll('label').map(String) }
          : {}),
        priority: text('priority') as TaskPriority,
        dueOn: text('due') || null,
      })
      if (status !== task.status) await api.task.move.mutate({ taskId: task.id, status })
      setSaid({ text: work.task.saved, bad: false })
      setEditing(false)
      router.refresh()
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : work.task.failed, bad: true })
    }
  }

  async function remove() {
    if (!window.confirm(work.task.removeSure)) return
    const { api } = await import('#web/lib/api.ts')
    await api.task.remove.mutate({ taskId: task.id })
    router.push(`/projects/${task.project.id}`)
  }

  return (
    <form onSubmit={save} onChange={() => setSaid(null)}>
      <fieldset disabled={!mayWrite} className="flex flex-col gap-4 p-4">
        {isEditing ? (
          <>
            <div>
              <label htmlFor="title" className={labelClass}>
                {fields.title}
              </label>
              <input
                id="title"
                name="title"
                defaultValue={task.title}
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
                defaultValue={task.description}
                rows={8}
                maxLength={10_000}
                className={`${fieldClass} h-auto py-2 leading-relaxed`}
              />
            </div>
          </>
        ) : (
          <div className="flex items-start justify-between gap-4">
            <div className="min-w-0">{children}</div>
            {mayWrite ? (
              <Button look="quiet" onClick={edit} data-shortcut="e">
                {work.task.edit}
              </Button>
            ) : null}
          </div>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Choice
            name="status"
            value={task.status}
            label={fields.status}
            options={statuses}
            words={work.status}
          />
          <Choice
            name="priority"
            value={task.priority}
            label={fields.priority}
            options={priorities}
            words={work.priority}
          />
          <div>
            <label htmlFor="assignee" className={labelClass}>
              {fields.assignee}
            </label>
            <select
              key={people.length}
              id="assignee"
              name="assignee"
              defaultValue={task.assignee?.id ?? ''}
              onFocus={labels ? undefined : edit}
              className={fieldClass}
            >
              <option value="">{fields.nobody}</option>
              {people.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div>
            <label htmlFor="due" className={labelClass}>
              {fields.due}
            </label>
            <input id="due" name="due" type="date" defaultValue={task.dueOn ?? ''} className={fieldClass} />
          </div>
        </div>
        {isEditing && labels ? <Labels known={labels} chosen={task.labels} /> : null}
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

function Labels({ known, chosen }: { known: Label[]; chosen: Label[] }) {
  return (
    <fieldset>
      <legend className={labelClass}>{fields.labels}</legend>
      {known.length === 0 ? <p className="text-sm text-muted">{fields.noLabels}</p> : null}
      <div className="flex flex-wrap gap-x-4 gap-y-2">
        {known.map((label) => (
          <label key={label.id} className="flex items-center gap-1.5">
            <input
              type="checkbox"
              name="label"
              value={label.id}
              defaultChecked={chosen.some(({ id }) => id === label.id)}
            />
            <LabelTag label={label} />
          </label>
        ))}
      </div>
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
