'use client'

import { ProblemPage } from '#web/components/problem-page.tsx'

/** Inside the frame, which goes on working. */
export default function WorkspaceError(props: { error: Error & { digest?: string }; reset: () => void }) {
  return <ProblemPage {...props} />
}
