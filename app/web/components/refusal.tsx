import Link from 'next/link'
import { problemTexts } from '#web/texts/problems.ts'

/** Why a write was refused, and whether a larger plan would allow it. */
export type Refusal = { text: string; isBeyondPlan: boolean }

/** @param reason what a call of the API threw */
export function refusalOf(reason: unknown, otherwise: string): Refusal {
  const data = (reason as { data?: { httpStatus?: number } } | null)?.data
  return {
    text: reason instanceof Error ? reason.message : otherwise,
    isBeyondPlan: data?.httpStatus === 402,
  }
}

export function RefusalText({ refusal, className = '' }: { refusal: Refusal; className?: string }) {
  return (
    <p role="alert" className={`text-sm text-danger ${className}`}>
      {refusal.text} {refusal.isBeyondPlan ? <ToPlans /> : null}
    </p>
  )
}

/** Where somebody reads what the plans allow. */
export function ToPlans() {
  return (
    <Link href="/pricing" prefetch={false} className="font-semibold text-accent-text underline">
      {problemTexts.toPlans}
    </Link>
  )
}
