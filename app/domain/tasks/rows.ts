import type { Label, Task, TaskSummary } from './shapes.ts'

const person = { select: { id: true, name: true } } as const

export const summaryColumns = {
  id: true,
  projectId: true,
  number: true,
  title: true,
  status: true,
  priority: true,
  assignee: person,
  labels: { select: { label: { select: { id: true, name: true, colour: true } } } },
  dueOn: true,
  position: true,
  updatedAt: true,
  project: { select: { id: true, key: true, name: true } },
} as const

export const taskColumns = { ...summaryColumns, description: true, createdAt: true, creator: person } as const

type SummaryRow = Omit<TaskSummary, 'key' | 'dueOn' | 'updatedAt' | 'labels'> & {
  number: number
  labels: { label: Label }[]
  dueOn: Date | null
  updatedAt: Date
  project: Task['project']
}
type TaskRow = SummaryRow & { description: string; createdAt: Date; creator: Task['createdBy'] }

export const summaryOf = ({
  number,
  project,
  dueOn,
  updatedAt,
  labels,
  ...row
}: SummaryRow): TaskSummary => ({
  ...row,
  labels: labels.map(({ label }) => label).sort((a, b) => (a.name < b.name ? -1 : 1)),
  key: `${project.key}-${number}`,
  dueOn: day(dueOn),
  updatedAt: updatedAt.toISOString(),
})

export const taskOf = ({ description, createdAt, creator, ...row }: TaskRow): Task => ({
  ...summaryOf(row),
  description,
  createdAt: createdAt.toISOString(),
  createdBy: creator,
  project: row.project,
})

const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? null
