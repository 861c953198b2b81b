import Link from 'next/link'
import { problemTexts } from '#web/texts/problems.ts'

/** Why a write was refused, and where that can be changed. */
export type Refusal = { text: string; way: keyof typeof ways | null }

/** By the type of the problem: what leads on from it. */
const ways = {
  '/docs#plan-limits': { href: '/pricing', text: problemTexts.toPlans },
  '/docs#read-only': { href: '/settings/billing', text: problemTexts.toBilling },
} as const

/** @param reason what a call of the API threw */
export function refusalOf(reason: unknown, otherwise: string): Refusal {
  const type = (reason as { data?: { type?: string } } | null)?.data?.type ?? ''
  return {
    text: reason instanceof Error ? reason.message : otherwise,
    way: type in ways ? (type as keyof typeof ways) : null,
  }
}

export function RefusalText({ refusal, className = '' }: { refusal: Refusal; className?: string }) {
  return (
    <p role="alert" className={`text-sm text-danger ${className}`}>
      {refusal.text} {refusal.way ? <Way {...ways[refusal.way]} /> : null}
    </p>
  )
}

/** Where somebody reads what the plans allow. */
export const ToPlans = () => <Way {...ways['/docs#plan-limits']} />

function Way({ href, text }: { href: string; text: string }) {
  return (
    <Link href={href} prefetch={false} className="font-semibold text-accent-text underline">
      {text}
    </Link>
  )
}
