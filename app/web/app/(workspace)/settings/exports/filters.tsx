import type { Actor } from '@worklane/domain/actor.ts'
import { Problem } from '@worklane/domain/errors.ts'
import { execute } from '@worklane/domain/execute.ts'
import { getLabel } from '@worklane/domain/labels/operations.ts'
import { getMember } from '@worklane/domain/members/operations.ts'
import { getProject } from '@worklane/domain/projects/operations.ts'
import type { TaskQuery } from '@worklane/domain/tasks/reads.ts'
import Link from 'next/link'
import { exports as texts } from '#web/texts/exports.ts'
import { work } from '#web/texts/work.ts'

type Props = { actor: Actor; query: TaskQuery }

/** Which tasks will be exported, in words. */
export async function Filters({ actor, query }: Props) {
  const words = await wordsOf(actor, query)
  return (
    <p className="mb-4 text-sm">
      {texts.filtered}{' '}
      <Link
        href={`/tasks?${new URLSearchParams(query)}`}
        prefetch={false}
        className="font-semibold hover:underline"
      >
        {words.join(' · ')}
      </Link>
      <br />
      <Link href="/settings/exports?kind=tasks" prefetch={false} className="text-accent-text hover:underline">
        {texts.allTasks}
      </Link>
    </p>
  )
}

async function wordsOf(actor: Actor, query: TaskQuery): Promise<string[]> {
  const { status, priority, due, assigneeId, labelId, projectId } = query
  const named = async (id: string | undefined, read: (id: string) => Promise<{ name: string }>) => {
    if (id === undefined) return null
    if (id === 'me') return work.tasks.me
    try {
      return (await read(id)).name
    } catch (error) {
      if (error instanceof Problem && error.kind === 'notFound') return work.tasks.gone
      throw error
    }
  }
  const names = await Promise.all([
    named(projectId, (id) => execute(getProject, actor, { projectId: id })),
    named(assigneeId, (id) => execute(getMember, actor, { memberId: id })),
    named(labelId, (id) => execute(getLabel, actor, { labelId: id })),
  ])
  return [
    status ? work.status[status] : null,
    priority ? work.priority[priority] : null,
    due ? work.tasks[due] : null,
    ...names,
  ].filter((text) => text !== null)
}
