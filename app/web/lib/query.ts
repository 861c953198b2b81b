import type { z } from 'zod'

/** What stands behind the ? of an address, as Next tells it. */
export type Query = Record<string, string | string[] | undefined>

/**
 * What an address asks for, of the fields that a page knows. Addresses are written by hand and kept for years: what
 * cannot be read, or stands there twice, is left out, and the page shows what it shows without it.
 */
export function readQuery<Shape extends Record<string, z.ZodType>>(
  asked: Query,
  shape: Shape,
): { [Name in keyof Shape]?: z.output<Shape[Name]> } {
  const read = Object.entries(shape).flatMap(([name, field]) => {
    if (asked[name] === undefined || asked[name] === '') return []
    const { success, data } = field.safeParse(asked[name])
    return success ? [[name, data]] : []
  })
  return Object.fromEntries(read)
}
