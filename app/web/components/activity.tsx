import type { ActivityItem } from '@worklane/domain/activity/operations.ts'
import Link from 'next/link'
import { Avatar } from '#web/components/person.tsx'
import { ago, type Clock } from '#web/lib/format.ts'
import { work } from '#web/texts/work.ts'

const { activity: texts } = work

export function ActivityList({
  items,
  clock,
  named,
}: {
  items: ActivityItem[]
  clock: Clock
  named: boolean
}) {
  return (
    <ol className="divide-y">
      {items.map((item) => (
        <li key={item.id} className="drawn-when-near-16 flex gap-3 px-4 py-3 text-sm">
          <Avatar name={item.actor?.name ?? texts.left} picture={item.actor?.avatar} />
          <div className="min-w-0 flex-1">
            <p className="truncate">
              <span className="font-semibold">{item.actor?.name ?? texts.somebody}</span>{' '}
              <span className="text-muted">{texts.verbs[item.kind]}</span>{' '}
              {named ? (
                <Link href={`/tasks/${item.taskId}`} prefetch={false} className="hover:underline">
                  {item.taskKey}
                </Link>
              ) : (
                texts.thisTask
              )}
              {item.detail ? <span className="text-muted"> · {item.detail}</span> : null}
            </p>
            {named ? <p className="truncate text-xs text-muted">{item.taskTitle}</p> : null}
          </div>
          <time dateTime={item.at} className="text-xs whitespace-nowrap text-muted">
            {ago(item.at, clock)}
          </time>
        </li>
      ))}
    </ol>
  )
}
