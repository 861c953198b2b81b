import { z } from 'zod'

/** One line: trimmed, not empty, nothing that a database or a page cannot show. */
export const line = (most: number) =>
  printable(most)
    .trim()
    .min(1, 'must not be empty')
    .regex(/^[^\n\r]*$/, 'must be one line')

/** Several lines. */
export const lines = (most: number) => printable(most)

/** A text as a part of a LIKE pattern that stands for itself alone: `_`, `%` and `\` are plain characters. */
export const likeLiteral = (text: string) => text.replaceAll(/[\\%_]/g, String.raw`\$&`)

/** A text somewhere in a field, in capitals or not. */
export const containing = (text: string) => ({ contains: likeLiteral(text), mode: 'insensitive' }) as const

/** Postgres keeps no NUL, and half of a surrogate pair is no character. */
const printable = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), {
      error: 'must not hold NUL or broken characters',
    })
