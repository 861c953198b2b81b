import type { ActivityItem } from '@worklane/domain/activity/operations.ts'
import Link from 'next/link'
import { Avatar } from '#web/components/person.tsx'
import { ago } from '#web/lib/format.ts'

const verbs = {
  created: 'created',
  moved: 'moved',
  updated: 'changed',
  removed: 'removed',
  commented: 'commented on',
} as const

export function ActivityList({ items, now, named }: { items: ActivityItem[]; now: Date; named: boolean }) {
  return (
    <ol className="divide-y">
      {items.map((item) => (
        <li key={item.id} className="flex gap-3 px-4 py-3 text-sm">
          <Avatar name={item.actor?.name ?? 'Somebody who left'} />
          <div className="min-w-0 flex-1">
            <p className="truncate">
              <span className="font-medium">{item.actor?.name ?? 'Somebody'}</span>{' '}
              <span className="text-muted">{verbs[item.kind]}</span>{' '}
              {named ? (
                <Link href={`/tasks/${item.taskId}`} prefetch={false} className="hover:underline">
                  {item.taskKey}
                </Link>
              ) : (
                'this task'
              )}
              {item.detail ? <span className="text-muted"> · {item.detail}</span> : null}
            </p>
            {named ? <p className="truncate text-xs text-muted">{item.taskTitle}</p> : null}
          </div>
          <time dateTime={item.at} className="text-xs whitespace-nowrap text-muted">
            {ago(item.at, now)}
          </time>
        </li>
      ))}
    </ol>
  )
}
