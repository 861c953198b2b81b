'use client'

export default function PageError({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="mx-auto flex min-h-[70dvh] max-w-md flex-col items-center justify-center gap-3 px-6 text-center">
      <h1 className="text-2xl font-semibold tracking-tight">Something went wrong on our side</h1>
      <p className="text-muted">
        Your work is safe. Try again; if it stays like this, tell us when it happened.
      </p>
      <button
        type="button"
        onClick={reset}
        className="mt-3 rounded-lg bg-accent px-4 py-2 text-sm font-medium text-accent-ink"
      >
        Try again
      </button>
    </main>
  )
}
