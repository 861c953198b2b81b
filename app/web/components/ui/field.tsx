export const fieldClass =
  'h-9 w-full rounded-lg border bg-surface px-3 text-sm text-ink placeholder:text-muted disabled:opacity-60'

export const labelClass = 'mb-1.5 block text-sm font-semibold'
