'use client'

import { ProblemPage } from '#web/components/problem-page.tsx'

export default function PageError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main>
      <ProblemPage {...props} />
    </main>
  )
}
