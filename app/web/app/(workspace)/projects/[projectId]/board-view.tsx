'use client'

import type { TaskStatus, TaskSummary } from '@worklane/domain/tasks/shapes.ts'
import { useRouter } from 'next/navigation'
import { type DragEvent, type MouseEvent, useEffect, useState } from 'react'
import { StatusDot } from '#web/components/task.tsx'
import { work } from '#web/texts/work.ts'
import { type Columns, moved, type Place } from './columns.ts'
import { type Ended, followBoard } from './follow.ts'
import { TaskCard } from './task-card.tsx'

type Props = { projectId: string; columns: Columns; mayWrite: boolean; today: string }

/** A board that follows what others do, and moves tasks by hand, by button or by key. */
export function BoardView({ projectId, columns: given, mayWrite, today }: Props) {
  const router = useRouter()
  const [columns, setColumns] = useState(given)
  const [seen, setSeen] = useState(given)
  const [said, setSaid] = useState('')
  const [isLive, setLive] = useState(false)
  const [ended, setEnded] = useState<Ended | null>(null)
  const [dragged, setDragged] = useState<string | null>(null)
  const [over, setOver] = useState<Place | null>(null)
  // The server rendered anew: what it says counts.
  if (seen !== given) {
    setSeen(given)
    setColumns(given)
  }

  useEffect(
    () => followBoard(projectId, { onLive: setLive, onChange: setColumns, onEnd: setEnded }),
    [projectId],
  )

  async function move(task: TaskSummary, place: Place) {
    const before = columns
    setColumns(moved(columns, task.id, place))
    setSaid(work.board.moved(task.key, work.status[place.status]))
    try {
      const { api } = await import('#web/lib/api.ts')
      await api.task.move.mutate({ taskId: task.id, ...place })
    } catch (error) {
      setColumns(before)
      setSaid(error instanceof Error ? error.message : work.board.failedToMove)
    }
  }

  /** What Link does, without its dozen hooks in each of a board's cards: a phone takes them over for nothing. */
  function open(event: MouseEvent<HTMLAnchorElement>) {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    router.push(event.currentTarget.pathname)
  }

  function drop(event: DragEvent) {
    event.preventDefault()
    const task = columns.flatMap(({ tasks }) => tasks).find(({ id }) => id === dragged)
    if (task && over && over.before !== task.id) void move(task, over)
    setDragged(null)
    setOver(null)
  }

  function dragOver(event: DragEvent, status: TaskStatus) {
    if (!dragged) return
    event.preventDefault()
    const card = (event.target as Element).closest<HTMLElement>('[data-task]')
    setOver({ status, before: card?.dataset.task ?? null })
  }

  return (
    <>
      {/* Below each other they wait to be drawn; were they supposed lower than most, all four would come near at once. */}
      <div className="grid grid-cols-1 gap-4 md:grid-cols-2 xl:grid-cols-4">
        {columns.map(({ status, total, tasks }) => (
          <section
            key={status}
            aria-label={work.status[status]}
            data-over={over?.status === status || undefined}
            onDragOver={(event) => dragOver(event, status)}
            onDrop={drop}
            className="flex min-w-0 flex-col max-md:drawn-when-near-384 rounded-xl bg-sunken p-2.5 data-over:ring-2 data-over:ring-accent"
          >
            <h2 className="flex items-center gap-2 px-1.5 pt-1 pb-2.5 text-sm font-semibold">
              <StatusDot status={status} />
              {work.status[status]}
              <span className="ml-auto text-xs font-normal text-muted tabular-nums">{total}</span>
            </h2>
            {tasks.length === 0 ? (
              <p className="px-1.5 py-6 text-center text-sm text-muted">{work.board.empty}</p>
            ) : null}
            <ul className="flex flex-col gap-2">
              {tasks.map((task) => (
                <TaskCard
                  key={task.id}
                  task={task}
                  today={today}
                  isTarget={over?.before === task.id && dragged !== task.id}
                  drag={mayWrite ? { start: () => setDragged(task.id), end: () => setDragged(null) } : null}
                  open={open}
                  move={mayWrite ? (to) => move(task, { status: to, before: null }) : null}
                />
              ))}
            </ul>
            {total > tasks.length ? (
              <p className="px-1.5 pt-2.5 text-xs text-muted">{work.board.more(total - tasks.length)}</p>
            ) : null}
          </section>
        ))}
      </div>
      <p role="status" className="sr-only">
        {said}
      </p>
      {ended ? (
        <p role="alert" className="mt-4 text-sm">
          {work.board.ended[ended].text}{' '}
          <a
            href={ended === 'signedOut' ? `/sign-in?next=/projects/${projectId}` : '/dashboard'}
            className="text-accent-text underline"
          >
            {work.board.ended[ended].action}
          </a>
        </p>
      ) : (
        <p className="mt-4 flex items-center gap-1.5 text-xs text-muted" data-live={isLive || undefined}>
          <span aria-hidden className={`size-2 rounded-full ${isLive ? 'bg-good' : 'bg-line'}`} />
          {isLive ? work.board.live : work.board.notLive}
        </p>
      )}
    </>
  )
}
