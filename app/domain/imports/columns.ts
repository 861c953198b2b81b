import { z } from 'zod'
import { separated } from '../csv/lists.ts'
import { Day, TaskPriority, TaskStatus } from '../tasks/shapes.ts'
import { taskDescription, taskTitle } from '../tasks/writes.ts'

/** A task as a line of a file says it: with the names of things, and not with their ids. */
export type Written = {
  project: string
  title: string
  status: z.infer<typeof TaskStatus>
  priority: z.infer<typeof TaskPriority>
  assigneeEmail: string | null
  labels: string[]
  dueOn: string | null
  description: string
}

const oneOf = (options: readonly string[]) => `must be one of ${options.join(', ')}`
const orElse = <T extends z.ZodType>(value: T, otherwise: z.output<T>) =>
  z.union([z.literal('').transform(() => otherwise), value])

const day = z.string().refine((text) => Day.safeParse(text).success, 'must be a day, such as 2026-12-24')

/** What a cell of each column may be. */
export const columns = {
  project: z.string().trim().toUpperCase().min(1, 'must be the key of a project, such as ATL'),
  title: taskTitle,
  status: orElse(z.enum(TaskStatus.options, oneOf(TaskStatus.options)), 'todo' as const),
  priority: orElse(z.enum(TaskPriority.options, oneOf(TaskPriority.options)), 'none' as const),
  assigneeEmail: orElse(z.email('must be the e-mail of a member').toLowerCase().nullable(), null),
  labels: z.string().transform(separated).pipe(z.array(z.string()).max(20, 'must be at most 20 labels')),
  dueOn: orElse(day.nullable(), null),
  description: taskDescription,
} satisfies Record<keyof Written, z.ZodType>

export type ColumnName = keyof typeof columns
export const required: readonly ColumnName[] = ['project', 'title']

/** What an export of tasks has beside these. */
const exported = ['key', 'assignee', 'createdBy', 'createdAt', 'updatedAt', 'doneAt', 'id']

/** What else an export has, or people call them: without blanks, `_` and `-`, in small letters. */
const known = new Map<string, ColumnName | 'ignored'>([
  ...Object.keys(columns).map((name) => [name.toLowerCase(), name as ColumnName] as const),
  ['email', 'assigneeEmail'],
  ['due', 'dueOn'],
  ['duedate', 'dueOn'],
  ['label', 'labels'],
  ['name', 'title'],
  ...exported.map((name) => [name.toLowerCase(), 'ignored'] as const),
])

/** Which column a heading is of; `ignored` for what an export tells and nobody can set, null for an unknown one. */
export const columnOf = (heading: string): ColumnName | 'ignored' | null =>
  known.get(heading.toLowerCase().replaceAll(/[\s_-]/g, '')) ?? null

/** Whether a file is an export of tasks of ours, by its headings as they are. */
export const isExport = (headings: readonly string[]): boolean =>
  exported.every((name) => headings.includes(name))
