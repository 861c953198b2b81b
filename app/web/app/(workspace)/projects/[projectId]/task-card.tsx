import type { TaskStatus, TaskSummary } from '@worklane/domain/tasks/shapes.ts'
import type { MouseEvent } from 'react'
import { Avatar } from '#web/components/person.tsx'
import { Due, LabelTag, Priority, statuses } from '#web/components/task.tsx'
import { work } from '#web/texts/work.ts'

type Props = {
  task: TaskSummary
  /** The day that it is where the organisation is. */
  today: string
  /** Something is held above this card. */
  isTarget: boolean
  drag: { start: () => void; end: () => void } | null
  move: ((to: TaskStatus) => void) | null
  open: (event: MouseEvent<HTMLAnchorElement>) => void
}

export function TaskCard({ task, today, isTarget, drag, move, open }: Props) {
  const place = statuses.indexOf(task.status)
  return (
    <li
      data-task={task.id}
      data-target={isTarget || undefined}
      draggable={drag !== null}
      onDragStart={drag?.start}
      onDragEnd={drag?.end}
      className="rounded-lg border bg-surface p-3 text-sm data-target:border-t-2 data-target:border-t-accent"
    >
      <a href={`/tasks/${task.id}`} onClick={open} className="line-clamp-2 hover:underline">
        {task.title}
      </a>
      {task.labels.length > 0 ? (
        <div className="mt-2 flex flex-wrap gap-1">
          {task.labels.map((label) => (
            <LabelTag key={label.id} label={label} />
          ))}
        </div>
      ) : null}
      <div className="mt-2.5 flex flex-wrap items-center gap-2">
        <span className="text-xs whitespace-nowrap text-muted">{task.key}</span>
        <Priority priority={task.priority} />
        <Due dueOn={task.dueOn} today={today} done={task.status === 'done'} />
        <span className="ml-auto flex items-center gap-0.5">
          {move ? (
            <>
              <Move name={task.key} to={statuses[place - 1]} arrow="←" move={move} />
              <Move name={task.key} to={statuses[place + 1]} arrow="→" move={move} />
            </>
          ) : null}
          {task.assignee ? <Avatar name={task.assignee.name} picture={task.assignee.avatar} /> : null}
        </span>
      </div>
    </li>
  )
}

type MoveProps = {
  name: string
  to: TaskStatus | undefined
  arrow: string
  move: (to: TaskStatus) => void
}

/** What a hand does by dragging, for a keyboard and for a finger. */
function Move({ name, to, arrow, move }: MoveProps) {
  if (!to) return null
  return (
    <button
      type="button"
      aria-label={work.board.move(name, work.status[to])}
      onClick={() => move(to)}
      className="grid size-7 place-items-center rounded-md text-muted hover:bg-sunken hover:text-ink"
    >
      {arrow}
    </button>
  )
}
