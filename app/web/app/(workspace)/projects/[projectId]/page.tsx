import { type Actor, mayAct } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { type Board, getBoard } from '@worklane/domain/projects/board.ts'
import type { TaskStatus } from '@worklane/domain/tasks/shapes.ts'
import { ArrowLeft, ArrowRight } from 'lucide-react'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { Avatar } from '#web/components/person.tsx'
import { Due, Priority, StatusDot, statusNames } from '#web/components/task.tsx'
import { Skeleton } from '#web/components/ui/card.tsx'
import { BoardActions } from './board-actions.tsx'
import { NewTask } from './new-task.tsx'

export const metadata: Metadata = { title: 'Board' }

type Props = { params: Promise<{ projectId: string }> }

export default function ProjectPage({ params }: Props) {
  return (
    <Suspense fallback={<Loading />}>
      <ProjectBoard params={params} />
    </Suspense>
  )
}

function Loading() {
  return (
    <>
      <Skeleton className="mb-6 h-14 w-72" />
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-4">
        {['a', 'b', 'c', 'd'].map((column) => (
          <Skeleton key={column} className="h-[36rem]" />
        ))}
      </div>
    </>
  )
}

/** The board, or the page that says there is none: the same for a stranger's as for one that never was. */
async function boardOf(actor: Actor, projectId: string): Promise<Board> {
  try {
    return await execute(getBoard, actor, { projectId })
  } catch (error) {
    if (error instanceof Problem && (error.kind === 'notFound' || error.kind === 'invalid')) notFound()
    throw error
  }
}

async function ProjectBoard({ params }: Props) {
  const [{ projectId }, actor] = await Promise.all([params, requireActor()])
  const { project, columns } = await boardOf(actor, projectId)
  const mayWrite = mayAct(actor, 'member')
  const now = new Date()
  return (
    <>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight">{project.name}</h1>
          <p className="mt-1 truncate text-sm text-muted">{project.description}</p>
        </div>
        {mayWrite ? <NewTask projectId={project.id} /> : null}
      </header>
      <BoardActions>
        <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-4">
          {columns.map((column) => (
            <Column key={column.status} column={column} mayWrite={mayWrite} now={now} />
          ))}
        </div>
      </BoardActions>
    </>
  )
}

type ColumnProps = { column: Board['columns'][number]; mayWrite: boolean; now: Date }

function Column({ column: { status, total, tasks }, mayWrite, now }: ColumnProps) {
  return (
    <section aria-label={statusNames[status]} className="flex min-w-0 flex-col rounded-xl bg-sunken p-2.5">
      <h2 className="flex items-center gap-2 px-1.5 pt-1 pb-2.5 text-sm font-semibold">
        <StatusDot status={status} />
        {statusNames[status]}
        <span className="ml-auto text-xs font-normal text-muted tabular-nums">{total}</span>
      </h2>
      {tasks.length === 0 ? <p className="px-1.5 py-6 text-center text-sm text-muted">Nothing here</p> : null}
      <ul className="flex flex-col gap-2">
        {tasks.map((task) => (
          <TaskCard key={task.id} task={task} mayWrite={mayWrite} now={now} />
        ))}
      </ul>
      {total > tasks.length ? (
        <p className="px-1.5 pt-2.5 text-xs text-muted">and {total - tasks.length} more</p>
      ) : null}
    </section>
  )
}

const order: TaskStatus[] = ['todo', 'doing', 'review', 'done']

function TaskCard({
  task,
  mayWrite,
  now,
}: {
  task: Board['columns'][number]['tasks'][number]
  mayWrite: boolean
  now: Date
}) {
  const place = order.indexOf(task.status)
  return (
    <li id={`task-${task.id}`} className="rounded-lg border bg-surface p-3 text-sm data-pending:opacity-50">
      <Link href={`/tasks/${task.id}`} prefetch={false} className="line-clamp-2 hover:underline">
        {task.title}
      </Link>
      <div className="mt-2.5 flex items-center gap-2">
        <span className="text-xs text-muted">{task.key}</span>
        <Priority priority={task.priority} />
        <Due dueOn={task.dueOn} today={now} done={task.status === 'done'} />
        <span className="ml-auto flex items-center gap-0.5">
          {mayWrite ? (
            <>
              <Move task={task.id} name={task.key} to={order[place - 1]} icon="left" />
              <Move task={task.id} name={task.key} to={order[place + 1]} icon="right" />
            </>
          ) : null}
          {task.assignee ? <Avatar name={task.assignee.name} /> : null}
        </span>
      </div>
    </li>
  )
}

type MoveProps = { task: string; name: string; to: TaskStatus | undefined; icon: 'left' | 'right' }

/** A plain button: one client component around the board hears them all. */
function Move({ task, name, to, icon }: MoveProps) {
  if (!to) return null
  const Icon = icon === 'left' ? ArrowLeft : ArrowRight
  return (
    <button
      type="button"
      data-move={to}
      data-task={task}
      aria-label={`Move ${name} to ${statusNames[to]}`}
      className="grid size-6 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
    >
      <Icon aria-hidden className="size-3.5" />
    </button>
  )
}
