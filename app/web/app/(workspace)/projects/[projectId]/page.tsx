import { type Actor, mayAct } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { type Board, getBoard } from '@worklane/domain/projects/board.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { buttonClass } from '#web/components/ui/button.tsx'
import { Skeleton } from '#web/components/ui/card.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { work } from '#web/texts/work.ts'
import { BoardView } from './board-view.tsx'
import { NewTask } from './new-task.tsx'

export const metadata: Metadata = { title: work.board.title }

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
  const [{ project, columns }, { today }] = await Promise.all([boardOf(actor, projectId), clockOf(actor)])
  const mayWrite = mayAct(actor, 'member')
  return (
    <>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight">{project.name}</h1>
          <p className="mt-1 truncate text-sm text-muted">{project.description}</p>
        </div>
        <div className="flex gap-2">
          <Link
            href={`/tasks?projectId=${project.id}`}
            prefetch={false}
            className={buttonClass({ look: 'quiet' })}
          >
            {work.board.allOf}
          </Link>
          {mayWrite ? <NewTask projectId={project.id} /> : null}
        </div>
      </header>
      <BoardView projectId={project.id} columns={columns} mayWrite={mayWrite} today={today} />
    </>
  )
}
