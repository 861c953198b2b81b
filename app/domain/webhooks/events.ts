import { z } from 'zod'
import { Role } from '../actor.ts'
import { Id, Person, Task as ShownTask, TaskStatus } from '../tasks/shapes.ts'

/** Without links to pictures, which are good for minutes. */
const Task = ShownTask.extend({ assignee: Person.nullable(), createdBy: Person.nullable() }).meta({
  id: 'WebhookTask',
})
const Named = z.object({ id: Id, key: z.string(), title: z.string() })
const Project = z.object({ id: Id, key: z.string(), name: z.string(), description: z.string() })
const Comment = z.object({
  id: Id,
  taskId: Id,
  author: Person.nullable(),
  body: z.string(),
  createdAt: z.iso.datetime(),
  editedAt: z.iso.datetime().nullable(),
})
const File = z.object({ id: Id, taskId: Id, name: z.string(), type: z.string(), size: z.number().int() })

/** Who did it; null where it was nobody's doing, such as the check of a file. */
const by = { actorId: Id.nullable() }

/** What webhooks can tell of, by type: the shape of `data`. A field is added at times; none goes, or means another. */
export const catalogue = {
  'task.created': z.object({ ...by, task: Task }),
  'task.updated': z.object({ ...by, task: Task, changed: z.array(z.string()) }),
  'task.moved': z.object({ ...by, task: Task, from: TaskStatus }),
  'task.removed': z.object({ ...by, task: Named.extend({ projectId: Id }) }),
  'comment.created': z.object({ ...by, comment: Comment, task: Named }),
  'comment.updated': z.object({ ...by, comment: Comment }),
  'comment.removed': z.object({ ...by, comment: z.object({ id: Id, taskId: Id }) }),
  'project.created': z.object({ ...by, project: Project }),
  'project.updated': z.object({ ...by, project: Project }),
  'project.removed': z.object({ ...by, project: Project }),
  'member.joined': z.object({ ...by, member: z.object({ id: Id, role: Role }) }),
  'member.left': z.object({ ...by, member: z.object({ id: Id, role: Role }) }),
  'file.ready': z.object({ ...by, file: File }),
} as const

export type EventType = keyof typeof catalogue
export type EventData = { [Type in EventType]: z.input<(typeof catalogue)[Type]> }

export const eventTypes = Object.keys(catalogue) as [EventType, ...EventType[]]
export const EventType = z.enum(eventTypes).meta({ id: 'WebhookEventType' })

/** Sent by hand, to see whether an endpoint works: to that one alone, whatever it wants to be told. */
export const testType = 'webhook.test'

/** The topic of an event in the outbox, whose row is there only where somebody wants to be told. */
export const eventTopic = 'webhook.event'

/** What the row carries, and what is sent of it. */
export const Happened = z.object({
  type: z.enum([...eventTypes, testType]),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
})
export type Happened = z.infer<typeof Happened>

/** What happened, now, with what the catalogue names of it and nothing else. */
export const happened = <Type extends EventType>(type: Type, data: EventData[Type]): Happened => ({
  type,
  timestamp: new Date().toISOString(),
  data: catalogue[type].parse(data),
})

/** The id of a message, the same at each try and for each endpoint: receivers know by it what they have already. */
export const messageId = (eventId: string): string => `msg_${eventId}`

/**
 * Condition of SQL: somebody of the organisation wants to be told. One look at an index, in a statement that is sent
 * anyway: who has no webhooks pays for none.
 */
export const isWanted = (organisation: string, type: string): string =>
  `exists (select from webhook_endpoints w
    where w.org_id = ${organisation} and w.disabled_at is null and ${type} = any(w.events))`
