import type { Board } from '@worklane/domain/projects/board.ts'
import type { TaskStatus, TaskSummary } from '@worklane/domain/tasks/shapes.ts'
import { generateKeyBetween } from 'fractional-indexing'

export type Columns = Board['columns']

/** Where a task stands, as the browser shows it. */
export type Place = { status: TaskStatus; before: string | null }

/** Character by character, as the database does; never by the rules of a language. */
const inOrder = (a: TaskSummary, b: TaskSummary) => (a.position < b.position ? -1 : 1)

/** The columns with a task as it is now, wherever it stood before. */
export function withTask(columns: Columns, task: TaskSummary): Columns {
  const known = columns.some(({ tasks }) => tasks.some(({ id }) => id === task.id))
  return columns.map((column) => {
    const had = column.tasks.some(({ id }) => id === task.id)
    const others = had ? column.tasks.filter(({ id }) => id !== task.id) : column.tasks
    if (column.status !== task.status)
      return had ? { ...column, tasks: others, total: column.total - 1 } : column
    // One that the board did not show may have stood further down in this column or in another.
    const total = had ? column.total : known || isNew(column, task) ? column.total + 1 : column.total
    return { ...column, total, tasks: [...others, task].sort(inOrder) }
  })
}

/** A task that nobody has changed since it was made stands last: no older one is below it. */
const isNew = ({ tasks }: Columns[number], { position }: TaskSummary) =>
  tasks.every((each) => each.position < position)

export const withoutTask = (columns: Columns, id: string): Columns =>
  columns.map((column) => {
    const tasks = column.tasks.filter((task) => task.id !== id)
    return tasks.length === column.tasks.length ? column : { ...column, tasks, total: column.total - 1 }
  })

/** The task at its new place, before the server has said so. */
export function moved(columns: Columns, id: string, { status, before }: Place): Columns {
  const task = columns.flatMap(({ tasks }) => tasks).find((each) => each.id === id)
  if (!task) return columns
  const target =
    columns.find((column) => column.status === status)?.tasks.filter((each) => each.id !== id) ?? []
  const below = before === null ? -1 : target.findIndex((each) => each.id === before)
  const above = below < 0 ? target.at(-1) : target[below - 1]
  const next = below < 0 ? undefined : target[below]
  return withTask(columns, { ...task, status, position: keyBetween(above?.position, next?.position) })
}

/** Two have one key where the board is behind the server, whose answer puts it right. */
const keyBetween = (above: string | undefined, below: string | undefined) =>
  above !== undefined && above === below ? above : generateKeyBetween(above, below)
