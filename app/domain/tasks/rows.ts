import { personColumns, personOf } from '../pictures/links.ts'
import type { Label, Task, TaskSummary } from './shapes.ts'

export const summaryColumns = {
  id: true,
  projectId: true,
  number: true,
  title: true,
  status: true,
  priority: true,
  assignee: personColumns,
  labels: { select: { label: { select: { id: true, name: true, colour: true } } } },
  dueOn: true,
  position: true,
  updatedAt: true,
  project: { select: { id: true, key: true, name: true } },
} as const

export const taskColumns = {
  ...summaryColumns,
  description: true,
  createdAt: true,
  creator: personColumns,
} as const

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
  assignee,
  ...row
}: SummaryRow): TaskSummary => ({
  ...row,
  assignee: assignee && personOf(assignee),
  labels: labels.map(({ label }) => label).sort((a, b) => (a.name < b.name ? -1 : 1)),
  key: `${project.key}-${number}`,
  dueOn: day(dueOn),
  updatedAt: updatedAt.toISOString(),
})

export const taskOf = ({ description, createdAt, creator, ...row }: TaskRow): Task => ({
  ...summaryOf(row),
  description,
  createdAt: createdAt.toISOString(),
  createdBy: creator && personOf(creator),
  project: row.project,
})

const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? null
