import { mayAct } from '@worklane/domain/actor.ts'
import { type Dashboard, getDashboard } from '@worklane/domain/dashboard/operations.ts'
import { execute } from '@worklane/domain/execute.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { ActivityList } from '#web/components/activity.tsx'
import { Due, Priority, StatusDot } from '#web/components/task.tsx'
import { Card, Empty, Figure, Skeleton } from '#web/components/ui/card.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { work } from '#web/texts/work.ts'
import { NewProject } from './new-project.tsx'

const { dashboard: texts } = work

export const metadata: Metadata = { title: texts.title }

export default function DashboardPage() {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{texts.title}</h1>
      <Suspense fallback={<Loading />}>
        <Overview />
      </Suspense>
    </>
  )
}

function Loading() {
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Skeleton className="h-24 lg:col-span-2" />
      <Skeleton className="h-96" />
      <Skeleton className="h-96" />
    </div>
  )
}

async function Overview() {
  const actor = await requireActor()
  const [{ counts, mine, projects, activity }, clock] = await Promise.all([
    execute(getDashboard, actor, {}),
    clockOf(actor),
  ])
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4 lg:col-span-2">
        <Figure name={texts.open} value={counts.open} />
        <Figure name={texts.overdue} value={counts.overdue} look={counts.overdue > 0 ? 'text-danger' : ''} />
        <Figure name={texts.dueSoon} value={counts.dueSoon} look={counts.dueSoon > 0 ? 'text-warn' : ''} />
        <Figure name={texts.doneThisWeek} value={counts.doneThisWeek} look="text-good" />
      </dl>
      <div className="flex min-w-0 flex-col gap-4">
        <Card title={texts.mine}>
          {mine.length === 0 ? (
            <Empty>{texts.nothingWaits}</Empty>
          ) : (
            <Mine tasks={mine} today={clock.today} />
          )}
        </Card>
        <Card title={texts.projects}>
          {projects.length === 0 ? <Empty>{texts.noProject}</Empty> : <Projects projects={projects} />}
          {mayAct(actor, 'manager') ? <NewProject /> : null}
        </Card>
      </div>
      <Card title={texts.lately}>
        {activity.length === 0 ? (
          <Empty>{texts.nothingHappened}</Empty>
        ) : (
          <ActivityList items={activity} clock={clock} named />
        )}
      </Card>
    </div>
  )
}

function Mine({ tasks, today }: { tasks: Dashboard['mine']; today: string }) {
  return (
    <ul className="divide-y">
      {tasks.map((task) => (
        <li key={task.id}>
          <Link
            href={`/tasks/${task.id}`}
            prefetch={false}
            className="flex items-center gap-3 px-4 py-2.5 text-sm hover:bg-sunken"
          >
            <StatusDot status={task.status} />
            <span className="w-16 shrink-0 text-xs text-muted">{task.key}</span>
            <span className="min-w-0 flex-1 truncate">{task.title}</span>
            <Priority priority={task.priority} />
            <Due dueOn={task.dueOn} today={today} />
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Projects({ projects }: { projects: Dashboard['projects'] }) {
  return (
    <ul className="grid grid-cols-1 sm:grid-cols-2">
      {projects.map(({ id, name, key, open, done }) => (
        <li key={id}>
          <Link href={`/projects/${id}`} prefetch={false} className="block px-4 py-3 hover:bg-sunken">
            <span className="flex items-baseline justify-between gap-2 text-sm">
              <span className="truncate font-semibold">{name}</span>
              <span className="text-xs whitespace-nowrap text-muted">{texts.openCount(open)}</span>
            </span>
            <progress
              aria-label={texts.progress(key, done, open + done)}
              value={done}
              max={Math.max(1, open + done)}
              className="mt-2 h-1.5 w-full appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
            />
          </Link>
        </li>
      ))}
    </ul>
  )
}
