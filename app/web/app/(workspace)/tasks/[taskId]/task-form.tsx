'use client'

import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { Button } from '#web/components/ui/button.tsx'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'

type Person = { id: string; name: string }
type Status = 'todo' | 'doing' | 'review' | 'done'
type Priority = 'none' | 'low' | 'medium' | 'high' | 'urgent'

const statuses: [Status, string][] = [
  ['todo', 'To do'],
  ['doing', 'Doing'],
  ['review', 'Review'],
  ['done', 'Done'],
]
const priorities: [Priority, string][] = [
  ['none', 'No priority'],
  ['low', 'Low'],
  ['medium', 'Medium'],
  ['high', 'High'],
  ['urgent', 'Urgent'],
]

type Props = {
  id: string
  title: string
  description: string
  status: Status
  priority: Priority
  dueOn: string | null
  assignee: Person | null
  mayWrite: boolean
}

export function TaskForm(task: Props) {
  const router = useRouter()
  const [people, setPeople] = useState<Person[]>(task.assignee ? [task.assignee] : [])
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null)

  /** The members are asked for when somebody looks for one, not with every task. */
  async function loadPeople() {
    if (people.length > 1) return
    const { api } = await import('#web/lib/api.ts')
    const { items } = await api.member.list.query({ limit: 200 })
    setPeople(items)
  }

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const text = (name: string) => String(form.get(name) ?? '')
    const status = text('status') as Status
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.update.mutate({
        taskId: task.id,
        title: text('title'),
        description: text('description'),
        priority: text('priority') as Priority,
        assigneeId: text('assignee') || null,
        dueOn: text('due') || null,
      })
      if (status !== task.status) await api.task.move.mutate({ taskId: task.id, status })
      setSaid({ text: 'Saved', bad: false })
      router.refresh()
    } catch (error) {
      setSaid({ text: error instanceof Error ? error.message : 'The task could not be saved.', bad: true })
    }
  }

  return (
    <form onSubmit={save} onChange={() => setSaid(null)}>
      <fieldset disabled={!task.mayWrite} className="flex flex-col gap-4 p-4">
        <div>
          <label htmlFor="title" className={labelClass}>
            Title
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
            Description
          </label>
          <textarea
            id="description"
            name="description"
            defaultValue={task.description}
            rows={7}
            maxLength={10_000}
            className={`${fieldClass} h-auto py-2 leading-relaxed`}
          />
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          <Choice name="status" label="Status" value={task.status} options={statuses} />
          <Choice name="priority" label="Priority" value={task.priority} options={priorities} />
          <div>
            <label htmlFor="assignee" className={labelClass}>
              Assignee
            </label>
            <select
              id="assignee"
              name="assignee"
              defaultValue={task.assignee?.id ?? ''}
              onFocus={loadPeople}
              className={fieldClass}
            >
              <option value="">Nobody</option>
              {people.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div>
            <label htmlFor="due" className={labelClass}>
              Due
            </label>
            <input id="due" name="due" type="date" defaultValue={task.dueOn ?? ''} className={fieldClass} />
          </div>
        </div>
        {task.mayWrite ? (
          <div className="flex items-center gap-3">
            <Button type="submit">Save</Button>
            <p role="status" className={`text-sm ${said?.bad ? 'text-danger' : 'text-good'}`}>
              {said?.text}
            </p>
          </div>
        ) : (
          <p className="text-sm text-muted">You can look at this task; a member can change it.</p>
        )}
      </fieldset>
    </form>
  )
}

function Choice(props: { name: string; label: string; value: string; options: [string, string][] }) {
  return (
    <div>
      <label htmlFor={props.name} className={labelClass}>
        {props.label}
      </label>
      <select id={props.name} name={props.name} defaultValue={props.value} className={fieldClass}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}
