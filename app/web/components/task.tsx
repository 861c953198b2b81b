import type { Label, TaskPriority, TaskStatus } from '@worklane/domain/tasks/shapes.ts'
import { dueText } from '#web/lib/format.ts'
import { work } from '#web/texts/work.ts'

export const statuses: TaskStatus[] = ['todo', 'doing', 'review', 'done']
export const priorities: TaskPriority[] = ['none', 'low', 'medium', 'high', 'urgent']

const statusDots: Record<TaskStatus, string> = {
  todo: 'border-2 border-muted',
  doing: 'bg-accent',
  review: 'bg-warn',
  done: 'bg-good',
}

export function StatusDot({ status }: { status: TaskStatus }) {
  return <span aria-hidden className={`inline-block size-2.5 shrink-0 rounded-full ${statusDots[status]}`} />
}

const priorityLooks: Partial<Record<TaskPriority, string>> = {
  high: 'bg-warn-soft text-warn',
  urgent: 'bg-danger-soft text-danger',
}

/** Only what deserves attention is shown. */
export function Priority({ priority }: { priority: TaskPriority }) {
  const look = priorityLooks[priority]
  return look ? (
    <span className={`rounded-md px-1.5 py-0.5 text-xs font-semibold ${look}`}>
      {work.priority[priority]}
    </span>
  ) : null
}

const labelDots: Record<Label['colour'], string> = {
  grey: 'bg-label-grey',
  red: 'bg-label-red',
  orange: 'bg-label-orange',
  green: 'bg-label-green',
  blue: 'bg-label-blue',
  purple: 'bg-label-purple',
}

export function LabelTag({ label }: { label: Label }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 rounded-full border px-2 py-0.5 text-xs text-muted">
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${labelDots[label.colour]}`} />
      <span className="truncate">{label.name}</span>
    </span>
  )
}

const dueLooks = { overdue: 'text-danger', soon: 'text-warn', later: 'text-muted' }

export function Due({ dueOn, today, done }: { dueOn: string | null; today: string; done?: boolean }) {
  if (!dueOn) return null
  const { text, state } = dueText(dueOn, today)
  return (
    <time dateTime={dueOn} className={`text-xs whitespace-nowrap ${done ? 'text-muted' : dueLooks[state]}`}>
      {text}
    </time>
  )
}
