import pc from 'picocolors'
import type { Verdict } from './result.ts'

export const time = (ms: number): string => {
  if (Number.isNaN(ms)) return '—'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const amount = (value: number): string => value.toLocaleString('en')

/** Of a page, as Lighthouse counts: 1,000 bytes. */
export const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} kB`

export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`

export const span = (ms: number): string => {
  const seconds = Math.max(0, ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000))
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${seconds % 60 ? `${seconds % 60} s` : ''}`.trim()
}

/** Of a run, or of a gate, which can be undecided as well. */
type AnyVerdict = Verdict | 'undecided'

const marks: Record<AnyVerdict, (text: string) => string> = {
  pass: pc.green,
  fail: pc.red,
  invalid: pc.yellow,
  undecided: pc.yellow,
}
export const symbols: Record<AnyVerdict, string> = { pass: '✓', fail: '✗', invalid: '?', undecided: '?' }

export const inColour = (verdict: AnyVerdict): string =>
  marks[verdict](pc.bold(`${symbols[verdict]} ${verdict.toUpperCase()}`))

/** A text as it may stand in HTML, also in an attribute. */
export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
