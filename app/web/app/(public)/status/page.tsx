import { currentStatus } from '@worklane/domain/status/status.ts'
import { CircleAlert, CircleCheck } from 'lucide-react'
import type { Metadata } from 'next'
import { cacheLife } from 'next/cache'
import { connection } from 'next/server'
import { Suspense } from 'react'
import { Skeleton } from '#web/components/ui/card.tsx'
import { publicTexts } from '#web/texts/public.ts'

const { status: texts } = publicTexts

export const metadata: Metadata = { title: texts.title, description: texts.description }

/** One look at the parts serves everybody, from every web process: in a bad hour many come to ask. */
async function lookedAt() {
  'use cache: remote'
  cacheLife({ stale: 30, revalidate: 10, expire: 60 })
  return currentStatus()
}

export default function StatusPage() {
  return (
    <div className="mx-auto max-w-3xl px-4 py-14 sm:px-6">
      <h1 className="text-4xl font-semibold tracking-tight">{texts.heading}</h1>
      <Suspense fallback={<Skeleton className="mt-8 h-80" />}>
        <Parts />
      </Suspense>
    </div>
  )
}

async function Parts() {
  // Not while the page is built, where there is nothing to look at.
  await connection()
  const { at, parts } = await lookedAt()
  const broken = parts.filter(({ works }) => !works).length
  return (
    <>
      <p className="mt-4 text-muted">{broken === 0 ? texts.allWork : texts.someDoNot(broken)}</p>
      <ul className="mt-8 divide-y rounded-xl border bg-surface">
        {parts.map(({ name, works }) => {
          const Icon = works ? CircleCheck : CircleAlert
          return (
            <li key={name} className="flex items-center gap-3 px-5 py-4">
              <Icon aria-hidden className={works ? 'size-5 text-good' : 'size-5 text-danger'} />
              <span className="min-w-0 flex-1">
                <span className="block font-semibold">{texts.parts[name][0]}</span>
                <span className="block text-sm text-muted">{texts.parts[name][1]}</span>
              </span>
              <span className="text-sm font-semibold">{works ? texts.works : texts.doesNot}</span>
            </li>
          )
        })}
      </ul>
      <p className="mt-4 text-sm text-muted">
        {texts.lookedAt} <time dateTime={at}>{at.slice(11, 19)} UTC</time>
      </p>
    </>
  )
}
