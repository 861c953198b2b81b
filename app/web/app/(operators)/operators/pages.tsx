import Link from 'next/link'
import { buttonClass } from '#web/components/ui/button.tsx'
import { operators as texts } from '#web/texts/operators.ts'

type Props = {
  /** Of the page, without what is asked of it. */
  path: string
  query: Record<string, string>
  /** Whether this is not the first page. */
  isLater: boolean
  nextCursor: string | null
}

/** The ways to the pages before and after this one. */
export function Pages({ path, query, isLater, nextCursor }: Props) {
  const to = (more: Record<string, string>) => {
    const search = String(new URLSearchParams({ ...query, ...more }))
    return search ? `${path}?${search}` : path
  }
  return (
    <nav aria-label={texts.more} className="mt-3 flex gap-2">
      {isLater ? (
        <Link href={to({})} prefetch={false} className={buttonClass({ look: 'quiet' })}>
          {texts.first}
        </Link>
      ) : null}
      {nextCursor ? (
        <Link href={to({ cursor: nextCursor })} prefetch={false} className={buttonClass({ look: 'quiet' })}>
          {texts.more}
        </Link>
      ) : null}
    </nav>
  )
}
