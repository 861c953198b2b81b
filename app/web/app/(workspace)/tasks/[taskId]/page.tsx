import { listActivity } from '@worklane/domain/activity/operations.ts'
import { mayAct } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { getTask } from '@worklane/domain/tasks/reads.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { ActivityList } from '#web/components/activity.tsx'
import { Card, Empty, Skeleton } from '#web/components/ui/card.tsx'
import { shortDate } from '#web/lib/format.ts'
import { TaskForm } from './task-form.tsx'

export const metadata: Metadata = { title: 'Task' }

type Props = { params: Promise<{ taskId: string }> }

export default function TaskPage({ params }: Props) {
  return (
    <Suspense fallback={<Loading />}>
      <TaskDetail params={params} />
    </Suspense>
  )
}

function Loading() {
  return (
    <>
      <Skeleton className="mb-6 h-14 w-96 max-w-full" />
      <div className="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Skeleton className="h-[28rem]" />
        <Skeleton className="h-72" />
      </div>
    </>
  )
}

async function taskAndActivity(taskId: string) {
  const actor = await requireActor()
  try {
    const [task, activity] = await Promise.all([
      execute(getTask, actor, { taskId }),
      execute(listActivity, actor, { taskId, limit: 20 }),
    ])
    return { task, activity, mayWrite: mayAct(actor, 'member') }
  } catch (error) {
    if (error instanceof Problem && (error.kind === 'notFound' || error.kind === 'invalid')) notFound()
    throw error
  }
}

async function TaskDetail({ params }: Props) {
  const { task, activity, mayWrite } = await taskAndActivity((await params).taskId)
  const now = new Date()
  return (
    <>
      <nav aria-label="Breadcrumb" className="mb-2 text-sm text-muted">
        <Link
          href={`/projects/${task.project.id}`}
          prefetch={false}
          className="hover:text-ink hover:underline"
        >
          {task.project.name}
        </Link>{' '}
        / {task.key}
      </nav>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight break-words">{task.title}</h1>
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Card
          title="Details"
          aside={
            <p className="text-xs text-muted">
              {task.createdBy ? `${task.createdBy.name}, ` : ''}
              {shortDate(new Date(task.createdAt))}
            </p>
          }
        >
          <TaskForm
            id={task.id}
            title={task.title}
            description={task.description}
            status={task.status}
            priority={task.priority}
            dueOn={task.dueOn}
            assignee={task.assignee}
            mayWrite={mayWrite}
          />
        </Card>
        <Card title="Activity">
          {activity.items.length === 0 ? (
            <Empty>Nothing happened yet.</Empty>
          ) : (
            <ActivityList items={activity.items} now={now} named={false} />
          )}
        </Card>
      </div>
    </>
  )
}
