import { execute } from '@worklane/domain/execute.ts'
import { listNotifications, type Notification } from '@worklane/domain/notifications/operations.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { requireActor } from '#web/auth/actor.ts'
import { Avatar } from '#web/components/person.tsx'
import { buttonClass } from '#web/components/ui/button.tsx'
import { Empty, Skeleton } from '#web/components/ui/card.tsx'
import { clockOf } from '#web/lib/clock.ts'
import { ago, type Clock } from '#web/lib/format.ts'
import { type Query, readQuery } from '#web/lib/query.ts'
import { work } from '#web/texts/work.ts'
import { MarkRead } from './mark-read.tsx'

const { notifications: texts } = work

export const metadata: Metadata = { title: texts.title }

type Props = { searchParams: Promise<Query> }

export default function NotificationsPage({ searchParams }: Props) {
  return (
    <Suspense fallback={<Skeleton className="h-96" />}>
      <Notifications searchParams={searchParams} />
    </Suspense>
  )
}

async function Notifications({ searchParams }: Props) {
  const [actor, asked] = await Promise.all([requireActor(), searchParams])
  const { cursor } = readQuery(asked, { cursor: listNotifications.input.shape.cursor })
  const [{ items, nextCursor }, clock] = await Promise.all([
    execute(listNotifications, actor, { cursor, limit: 30 }),
    clockOf(actor),
  ])
  return (
    <>
      <header className="mb-6 flex items-center justify-between gap-4">
        <h1 className="text-2xl font-semibold tracking-tight">{texts.title}</h1>
        {items.some(({ readAt }) => readAt === null) ? <MarkRead /> : null}
      </header>
      <div className="rounded-xl border bg-surface">
        {items.length === 0 ? (
          <Empty>{texts.none}</Empty>
        ) : (
          <ol className="divide-y">
            {items.map((item) => (
              <Row key={item.id} item={item} clock={clock} />
            ))}
          </ol>
        )}
      </div>
      {nextCursor ? (
        <Link
          href={`/notifications?cursor=${nextCursor}`}
          prefetch={false}
          className={buttonClass({ look: 'quiet', className: 'mt-3' })}
        >
          {texts.older}
        </Link>
      ) : null}
    </>
  )
}

type RowProps = { item: Notification; clock: Clock }

function Row({ item, clock }: RowProps) {
  const { kind } = item
  const isOfJob = kind === 'exported' || kind === 'imported'
  const name = isOfJob ? texts.worklane : (item.actor?.name ?? work.activity.left)
  return (
    <li className="flex items-start gap-3 px-4 py-3 text-sm">
      <Avatar name={name} picture={item.actor?.avatar} shape="size-7 rounded-full" />
      <div className="min-w-0 flex-1">
        <p>
          <span className="font-semibold">{name}</span>{' '}
          {isOfJob ? null : <span className="text-muted">{texts.did[kind]}</span>}{' '}
          {item.task ? (
            <Link href={`/tasks/${item.task.id}`} prefetch={false} className="hover:underline">
              {item.task.key} {item.task.title}
            </Link>
          ) : null}
          {isOfJob ? (
            <Link href={texts.ofJobs[kind]} prefetch={false} className="hover:underline">
              {item.excerpt}
            </Link>
          ) : null}
        </p>
        {item.excerpt && !isOfJob ? <p className="mt-0.5 truncate text-muted">{item.excerpt}</p> : null}
      </div>
      <time dateTime={item.createdAt} className="text-xs whitespace-nowrap text-muted">
        {ago(item.createdAt, clock)}
      </time>
      {item.readAt === null ? (
        <span className="mt-1.5 size-2 rounded-full bg-accent">
          <span className="sr-only">{texts.unread}</span>
        </span>
      ) : null}
    </li>
  )
}
