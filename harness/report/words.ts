import pc from 'picocolors'
import type { Verdict } from '../judge/result.ts'

export const time = (ms: number): string => {
  if (Number.isNaN(ms)) return '—'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const amount = (value: number): string => value.toLocaleString('en')

export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MB`

export const span = (ms: number): string => {
  const seconds = Math.max(0, ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000))
  return seconds < 60
    ? `${seconds} s`
    : `${Math.floor(seconds / 60)} min ${seconds % 60 ? `${seconds % 60} s` : ''}`.trim()
}

const marks: Record<Verdict, (text: string) => string> = { pass: pc.green, fail: pc.red, invalid: pc.yellow }
const symbols: Record<Verdict, string> = { pass: '✓', fail: '✗', invalid: '?' }

export const inColour = (verdict: Verdict): string =>
  marks[verdict](pc.bold(`${symbols[verdict]} ${verdict.toUpperCase()}`))
