import { execute } from '@worklane/domain/execute.ts'
import { getReport, type Report } from '@worklane/domain/reports/operations.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { Avatar } from '#web/components/person.tsx'
import { Card, Empty, Figure, Skeleton } from '#web/components/ui/card.tsx'
import { shortDay } from '#web/lib/format.ts'
import { work } from '#web/texts/work.ts'

const { reports: texts, dashboard } = work

export const metadata: Metadata = { title: texts.title }

export default function ReportsPage() {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{texts.title}</h1>
      <Suspense fallback={<Skeleton className="h-[40rem]" />}>
        <Figures />
      </Suspense>
    </>
  )
}

async function Figures() {
  const { counts, throughput, workload, projects } = await execute(getReport, await requireActor(), {})
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4 lg:col-span-2">
        <Figure name={dashboard.open} value={counts.open} />
        <Figure
          name={dashboard.overdue}
          value={counts.overdue}
          look={counts.overdue > 0 ? 'text-danger' : ''}
        />
        <Figure
          name={dashboard.dueSoon}
          value={counts.dueSoon}
          look={counts.dueSoon > 0 ? 'text-warn' : ''}
        />
        <Figure name={dashboard.doneThisWeek} value={counts.doneThisWeek} look="text-good" />
      </dl>
      <Card title={texts.throughput}>
        <Throughput weeks={throughput} />
      </Card>
      <Card title={texts.workload}>
        {workload.length === 0 ? <Empty>{texts.nobodyBusy}</Empty> : <Workload people={workload} />}
      </Card>
      <div className="lg:col-span-2">
        <Card title={texts.projects}>
          <Projects projects={projects} />
        </Card>
      </div>
    </div>
  )
}

/** A column a week; drawn as SVG on the server, and a table for those who cannot see it. */
function Throughput({ weeks }: { weeks: Report['throughput'] }) {
  const most = Math.max(1, ...weeks.map(({ done }) => done))
  const width = 100 / weeks.length
  return (
    <div className="p-4">
      <svg aria-hidden viewBox="0 0 100 44" preserveAspectRatio="none" className="h-44 w-full">
        {weeks.map(({ week, done }, place) => (
          <rect
            key={week}
            x={place * width + width * 0.15}
            width={width * 0.7}
            y={44 - (done / most) * 42}
            height={(done / most) * 42}
            rx="0.6"
            className="fill-accent"
          />
        ))}
      </svg>
      <table className="w-full table-fixed text-xs text-muted">
        <thead className="sr-only">
          <tr>
            {weeks.map(({ week }) => (
              <th key={week} scope="col">
                {texts.week} {week}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            {weeks.map(({ week, done }, place) => (
              <td key={week} className="pt-1.5 text-center align-top tabular-nums">
                <span className="block font-semibold text-ink">{done}</span>
                {/* One beside the other they run into each other. */}
                {(weeks.length - place) % 2 === 1 ? (
                  <span aria-hidden className="hidden whitespace-nowrap sm:block">
                    {shortDay(week)}
                  </span>
                ) : null}
              </td>
            ))}
          </tr>
        </tbody>
      </table>
    </div>
  )
}

function Workload({ people }: { people: Report['workload'] }) {
  const most = Math.max(1, ...people.map(({ open }) => open))
  return (
    <ul className="flex flex-col gap-2.5 p-4">
      {people.slice(0, 12).map(({ person, open }) => (
        <li key={person.id} className="flex items-center gap-3 text-sm">
          <Avatar name={person.name} picture={person.avatar} />
          <span className="w-32 truncate">{person.name}</span>
          <progress
            value={open}
            max={most}
            aria-label={`${person.name}: ${dashboard.openCount(open)}`}
            className="h-2 min-w-0 flex-1 appearance-none overflow-hidden rounded-full [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
          />
          <span className="w-8 text-right text-xs text-muted tabular-nums">{open}</span>
        </li>
      ))}
    </ul>
  )
}

function Projects({ projects }: { projects: Report['projects'] }) {
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="border-b text-left text-xs text-muted">
            {[texts.name, texts.open, texts.done, texts.share].map((name) => (
              <th key={name} scope="col" className="px-4 py-2">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y">
          {projects.map(({ id, name, key, open, done }) => (
            <tr key={id}>
              <td className="px-4 py-2">
                <Link href={`/projects/${id}`} prefetch={false} className="hover:underline">
                  {name}
                </Link>{' '}
                <span className="text-xs text-muted">{key}</span>
              </td>
              <td className="px-4 py-2 tabular-nums">{open}</td>
              <td className="px-4 py-2 tabular-nums">{done}</td>
              <td className="px-4 py-2 tabular-nums">
                {Math.round((100 * done) / Math.max(1, open + done))} %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
