import type { Task, TaskPriority, TaskStatus } from '@worklane/domain/tasks/shapes.ts'

/** What the form of a task can change. */
export type TaskFields = {
  title: string
  description: string
  status: TaskStatus
  priority: TaskPriority
  assigneeId: string | null
  dueOn: string | null
  labelIds: string[]
}

export const valuesOf = ({ assignee, labels, ...task }: Task): TaskFields => ({
  title: task.title,
  description: task.description,
  status: task.status,
  priority: task.priority,
  assigneeId: assignee?.id ?? null,
  dueOn: task.dueOn,
  labelIds: labels.map(({ id }) => id),
})

/** The fields that were given and are not what is saved. A field that the form does not show is not given. */
export function changesOf(given: Partial<TaskFields>, saved: TaskFields): Partial<TaskFields> {
  const changed = Object.entries(given).filter(
    ([name, value]) => asCompared(value) !== asCompared(saved[name as keyof TaskFields]),
  )
  return Object.fromEntries(changed)
}

/** A browser's text field knows one kind of line break; labels have no order. */
function asCompared(value: string | string[] | null): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : (value?.replaceAll(/\r\n?/g, '\n') ?? null))
}
