import { z } from 'zod'

export const Id = z.uuid({ version: undefined, error: 'must be a UUID' })
export const Person = z.object({ id: Id, name: z.string() })
/** Somebody who is shown: with a link to their picture, which is good for half an hour or more; null for initials. */
export const ShownPerson = Person.extend({ avatar: z.url().nullable() }).meta({ id: 'ShownPerson' })
export const TaskStatus = z.enum(['todo', 'doing', 'review', 'done'])
export const TaskPriority = z.enum(['none', 'low', 'medium', 'high', 'urgent'])
/** A day that both JavaScript and Postgres know: neither has a year 0. */
export const Day = z.iso.date().refine((day) => !day.startsWith('0000'), 'must be of the year 1 or later')
export const LabelColour = z.enum(['grey', 'red', 'orange', 'green', 'blue', 'purple'])
export const Label = z.object({ id: Id, name: z.string(), colour: LabelColour }).meta({ id: 'Label' })

export const TaskSummary = z
  .object({
    id: Id,
    projectId: Id,
    key: z.string().meta({ example: 'ATL-12' }),
    title: z.string(),
    status: TaskStatus,
    priority: TaskPriority,
    assignee: ShownPerson.nullable(),
    labels: z.array(Label),
    dueOn: Day.nullable(),
    /** Orders the tasks of a column, compared character by character. */
    position: z.string(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'TaskSummary' })

export const Task = TaskSummary.extend({
  description: z.string(),
  createdAt: z.iso.datetime(),
  createdBy: ShownPerson.nullable(),
  project: z.object({ id: Id, key: z.string(), name: z.string() }),
}).meta({ id: 'Task' })

export const TaskPage = z
  .object({ items: z.array(TaskSummary), nextCursor: z.string().nullable() })
  .meta({ id: 'TaskPage' })

export type Label = z.infer<typeof Label>
export type LabelColour = z.infer<typeof LabelColour>
export type TaskStatus = z.infer<typeof TaskStatus>
export type TaskPriority = z.infer<typeof TaskPriority>
export type TaskSummary = z.infer<typeof TaskSummary>
export type Task = z.infer<typeof Task>
export type TaskPage = z.infer<typeof TaskPage>
export type Person = z.infer<typeof Person>
export type ShownPerson = z.infer<typeof ShownPerson>
