import type { Actor } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { listFilters } from '@worklane/domain/filters/operations.ts'
import { getLabel } from '@worklane/domain/labels/operations.ts'
import { getMember } from '@worklane/domain/members/operations.ts'
import { getProject } from '@worklane/domain/projects/operations.ts'
import { findTasks, TaskQuery } from '@worklane/domain/tasks/reads.ts'
import type { TaskSummary } from '@worklane/domain/tasks/shapes.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { Combobox } from '#web/components/combobox/combobox.tsx'
import type { Option } from '#web/components/combobox/found.ts'
import { Avatar } from '#web/components/person.tsx'
import { Due, LabelTag, Priority, priorities, StatusDot, statuses } from '#web/components/task.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { Empty, Skeleton } from '#web/components/ui/card.tsx'
import { fieldClass } from '#web/components/ui/field.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { exports } from '#web/texts/exports.ts'
import { work } from '#web/texts/work.ts'
import { SavedFilters } from './saved-filters.tsx'

const { tasks: texts } = work

export const metadata: Metadata = { title: texts.title }

type Props = { searchParams: Promise<Query> }

export default function TasksPage({ searchParams }: Props) {
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">{texts.title}</h1>
      <Suspense fallback={<Skeleton className="h-[36rem]" />}>
        <Tasks searchParams={searchParams} />
      </Suspense>
    </>
  )
}

const me: Option = { id: 'me', text: texts.me }

/** What is looked for, since no list holds all of them. */
const searched = [
  { name: 'assigneeId', what: 'person', label: texts.anyone, fixed: [me] },
  { name: 'labelId', what: 'label', label: texts.anyLabel },
  { name: 'projectId', what: 'project', label: texts.anyProject },
] as const

/** What the address names, by its name; what is gone by now still filters, and says so. */
async function chosenIn(actor: Actor, { assigneeId, labelId, projectId }: TaskQuery) {
  const named = async (id: string | undefined, read: (id: string) => Promise<{ name: string }>) => {
    if (id === undefined) return null
    if (id === me.id) return me
    try {
      return { id, text: (await read(id)).name }
    } catch (error) {
      if (error instanceof Problem && error.kind === 'notFound') return { id, text: texts.gone }
      throw error
    }
  }
  const [person, label, project] = await Promise.all([
    named(assigneeId, (memberId) => execute(getMember, actor, { memberId })),
    named(labelId, (labelId) => execute(getLabel, actor, { labelId })),
    named(projectId, (projectId) => execute(getProject, actor, { projectId })),
  ])
  return { assigneeId: person, labelId: label, projectId: project }
}

async function Tasks({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const query: TaskQuery = readQuery(asked, TaskQuery.shape)
  const { cursor, filters: filtersFrom } = readQuery(asked, {
    cursor: findTasks.input.shape.cursor,
    filters: listFilters.input.shape.cursor,
  })
  const [page, filters, chosen, { today }] = await Promise.all([
    execute(findTasks, actor, { ...query, cursor, limit: 30 }),
    execute(listFilters, actor, { cursor: filtersFrom }),
    chosenIn(actor, query),
    clockOf(actor),
  ])
  const choices = [
    { name: 'status', any: texts.anyStatus, options: statuses.map((each) => [each, work.status[each]]) },
    {
      name: 'priority',
      any: texts.anyPriority,
      options: priorities.map((each) => [each, work.priority[each]]),
    },
    {
      name: 'due',
      any: texts.anyDue,
      options: [
        ['overdue', texts.overdue],
        ['week', texts.week],
      ],
    },
  ] as const
  const address = new URLSearchParams(query)
  return (
    <>
      <form action="/tasks" className="mb-3 flex flex-wrap gap-2">
        {choices.map(({ name, any, options }) => (
          <select
            key={name}
            name={name}
            aria-label={any}
            defaultValue={query[name] ?? ''}
            className={`${fieldClass} max-w-44`}
          >
            <option value="">{any}</option>
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        ))}
        {searched.map(({ name, ...field }) => (
          <Combobox key={`${name} ${query[name]}`} name={name} {...field} bare chosen={chosen[name]} />
        ))}
        <Button type="submit" look="quiet">
          {texts.filter}
        </Button>
        {address.size > 0 ? (
          <Link href="/tasks" prefetch={false} className={buttonClass({ look: 'bare' })}>
            {texts.clear}
          </Link>
        ) : null}
        <Link
          href={`/settings/exports?${new URLSearchParams({ kind: 'tasks', ...query })}`}
          prefetch={false}
          className={buttonClass({ look: 'quiet', className: 'ml-auto' })}
        >
          {exports.fromTasks}
        </Link>
      </form>
      <SavedFilters filters={filters.items} nextCursor={filters.nextCursor} query={query} />
      <div className="rounded-xl border bg-surface">
        {page.items.length === 0 ? (
          <Empty>{texts.none}</Empty>
        ) : (
          <TaskRows tasks={page.items} today={today} />
        )}
      </div>
      <nav className="mt-3 flex gap-2">
        {cursor ? (
          <Link href={`/tasks?${address}`} prefetch={false} className={buttonClass({ look: 'quiet' })}>
            {texts.first}
          </Link>
        ) : null}
        {page.nextCursor ? (
          <Link
            href={`/tasks?${new URLSearchParams({ ...query, cursor: page.nextCursor })}`}
            prefetch={false}
            className={buttonClass({ look: 'quiet' })}
          >
            {texts.next}
          </Link>
        ) : null}
      </nav>
    </>
  )
}

function TaskRows({ tasks, today }: { tasks: TaskSummary[]; today: string }) {
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
            <span className="sr-only">{work.status[task.status]}</span>
            <span className="w-16 shrink-0 text-xs text-muted">{task.key}</span>
            <span className="min-w-0 flex-1 truncate">{task.title}</span>
            <span className="hidden gap-1 lg:flex">
              {task.labels.slice(0, 2).map((label) => (
                <LabelTag key={label.id} label={label} />
              ))}
            </span>
            <Priority priority={task.priority} />
            <Due dueOn={task.dueOn} today={today} done={task.status === 'done'} />
            {task.assignee ? <Avatar name={task.assignee.name} picture={task.assignee.avatar} /> : null}
          </Link>
        </li>
      ))}
    </ul>
  )
}
