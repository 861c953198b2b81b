import Link from 'next/link'
import { settings } from '#web/texts/settings.ts'

/** Where a list goes on that is longer than what is shown of it. @param address of the page, without the cursor */
export function NextPage({ address, cursor }: { address: string; cursor: string | null }) {
  if (cursor === null) return null
  return (
    <Link
      href={`${address}${address.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`}
      prefetch={false}
      className="mt-4 block text-sm text-accent-text hover:underline"
    >
      {settings.more}
    </Link>
  )
}
