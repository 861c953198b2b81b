import type { TaskPriority, TaskStatus } from '@worklane/domain/tasks/shapes.ts'
import { dueText } from '#web/lib/format.ts'

export const statusNames: Record<TaskStatus, string> = {
  todo: 'To do',
  doing: 'Doing',
  review: 'Review',
  done: 'Done',
}

const statusDots: Record<TaskStatus, string> = {
  todo: 'border-2 border-muted',
  doing: 'bg-accent',
  review: 'bg-warn',
  done: 'bg-good',
}

export function StatusDot({ status }: { status: TaskStatus }) {
  return <span aria-hidden className={`inline-block size-2.5 shrink-0 rounded-full ${statusDots[status]}`} />
}

export const priorityNames: Record<TaskPriority, string> = {
  none: 'No priority',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  urgent: 'Urgent',
}

const priorityLooks: Partial<Record<TaskPriority, string>> = {
  high: 'bg-warn-soft text-warn',
  urgent: 'bg-danger-soft text-danger',
}

/** Only what deserves attention is shown. */
export function Priority({ priority }: { priority: TaskPriority }) {
  const look = priorityLooks[priority]
  return look ? (
    <span className={`rounded-md px-1.5 py-0.5 text-xs font-medium ${look}`}>{priorityNames[priority]}</span>
  ) : null
}

const dueLooks = { overdue: 'text-danger', soon: 'text-warn', later: 'text-muted' }

export function Due({ dueOn, today, done }: { dueOn: string | null; today: Date; done?: boolean }) {
  if (!dueOn) return null
  const { text, state } = dueText(dueOn, today)
  return (
    <time dateTime={dueOn} className={`text-xs whitespace-nowrap ${done ? 'text-muted' : dueLooks[state]}`}>
      {text}
    </time>
  )
}
