import { listActivity } from '@worklane/domain/activity/operations.ts'
import { mayAct } from '@worklane/domain/actor.ts'
import { listComments } from '@worklane/domain/comments/operations.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listFiles } from '@worklane/domain/files/operations.ts'
import { filesAreOn } from '@worklane/domain/files/store.ts'
import { getTask } from '@worklane/domain/tasks/reads.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { ActivityList } from '#web/components/activity.tsx'
import { Markdown } from '#web/components/markdown.tsx'
import { LabelTag } from '#web/components/task.tsx'
import { Card, Empty, Skeleton } from '#web/components/ui/card.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { shortDate } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { files as fileTexts } from '#web/texts/files.ts'
import { work } from '#web/texts/work.ts'
import { CommentForm } from './comment-form.tsx'
import { CommentList } from './comment-list.tsx'
import { FilePanel } from './files/file-panel.tsx'
import { TaskForm } from './task-form.tsx'

export const metadata: Metadata = { title: work.task.title }

type Props = { params: Promise<{ taskId: string }>; searchParams: Promise<Query> }

export default function TaskPage(props: Props) {
  return (
    <Suspense fallback={<Loading />}>
      <TaskDetail {...props} />
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

async function everythingOf(taskId: string, cursor: string | undefined) {
  const actor = await requireActor()
  try {
    const [task, activity, comments, files, clock] = await Promise.all([
      execute(getTask, actor, { taskId }),
      execute(listActivity, actor, { taskId, limit: 15 }),
      execute(listComments, actor, { taskId, cursor, limit: 20 }),
      filesAreOn() ? execute(listFiles, actor, { taskId, limit: 30 }) : null,
      clockOf(actor),
    ])
    return { actor, task, activity, comments, files, clock }
  } catch (error) {
    if (error instanceof Problem && (error.kind === 'notFound' || error.kind === 'invalid')) notFound()
    throw error
  }
}

async function TaskDetail({ params, searchParams }: Props) {
  const [{ taskId }, asked] = await Promise.all([params, searchParams])
  const { comments: cursor } = readQuery(asked, { comments: listComments.input.shape.cursor })
  const { actor, task, activity, comments, files, clock } = await everythingOf(taskId, cursor)
  const mayWrite = mayAct(actor, 'member')
  return (
    <>
      <nav aria-label={work.task.breadcrumb} className="mb-2 text-sm text-muted">
        <Link
          href={`/projects/${task.project.id}`}
          prefetch={false}
          className="hover:text-ink hover:underline"
        >
          {task.project.name}
        </Link>{' '}
        / {task.key}
      </nav>
      <h1 className="mb-3 text-2xl font-semibold tracking-tight break-words">{task.title}</h1>
      <div className="mb-6 flex flex-wrap gap-1.5">
        {task.labels.map((label) => (
          <LabelTag key={label.id} label={label} />
        ))}
      </div>
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Card
            title={work.task.details}
            aside={
              <p className="text-xs text-muted">
                {task.createdBy ? `${task.createdBy.name}, ` : ''}
                {shortDate(task.createdAt, clock)}
              </p>
            }
          >
            <TaskForm task={task} mayWrite={mayWrite} mayRemove={mayAct(actor, 'manager')}>
              {task.description ? (
                <Markdown text={task.description} />
              ) : (
                <p className="text-sm text-muted">{work.task.noDescription}</p>
              )}
            </TaskForm>
          </Card>
          {files ? (
            <FilePanel
              taskId={task.id}
              first={files}
              userId={actor.userId}
              mayWrite={mayWrite}
              mayRemoveAll={mayAct(actor, 'manager')}
            />
          ) : (
            <Card title={fileTexts.title}>
              <Empty>{fileTexts.off}</Empty>
            </Card>
          )}
          <Card title={work.comments.title}>
            {mayWrite ? <CommentForm taskId={task.id} hasFiles={files !== null} /> : null}
            {comments.items.length === 0 ? (
              <Empty>{work.comments.none}</Empty>
            ) : (
              <CommentList actor={actor} task={task.id} page={comments} clock={clock} />
            )}
          </Card>
        </div>
        <Card title={work.task.activity}>
          {activity.items.length === 0 ? (
            <Empty>{work.task.nothingHappened}</Empty>
          ) : (
            <ActivityList items={activity.items} clock={clock} named={false} />
          )}
        </Card>
      </div>
    </>
  )
}
