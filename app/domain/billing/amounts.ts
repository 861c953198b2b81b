import type { Feature, Limited, Metered } from './plans.ts'

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** So many bytes as people say it: `1 GiB`, `1.5 MiB`. */
export function bytes(count: number): string {
  const unit = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1)
  const value = count / 1024 ** unit
  // Rounded down: what is full by one byte must not read as if it fitted.
  return `${Math.floor(value * 10) / 10} ${count === 1 ? 'byte' : units[unit]}`
}

/** So much of what plans limit, in its own unit. */
export const amountOf = (of: Limited | Metered | Feature, count: number): string =>
  of === 'storage' ? bytes(count) : count.toLocaleString('en')
