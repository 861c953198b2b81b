import { type Command, InvalidArgumentError } from 'commander'
import { nearest, UsageError } from './usage.ts'

/** @throws InvalidArgumentError unless the text is a whole number in the range */
export const wholeNumber = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value
  throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`)
}

const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Several together are less than the longest that a timer of Node can wait, 24.8 days. */
const longest = 7 * 24

/** "90s", "2m", "1m30s" as milliseconds, up to a week. @throws InvalidArgumentError */
export function duration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new InvalidArgumentError('It must be a time such as 30s, 2m or 1m30s.')
  }
  const value = parts.reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit as string] as number),
    0,
  )
  if (value > longest * 3_600_000) throw new InvalidArgumentError(`It must be at most ${longest}h.`)
  return value
}

/** An option that may be given several times: all that it was given. */
export const several = (text: string, before: string[]) => [...before, text]

/**
 * An option that takes one value is not given two: nobody could say which is meant. Those whose default is a list take
 * several; a switch means the same however often.
 */
export function refuseRepeated(command: Command): void {
  for (const option of command.options) {
    if (option.isBoolean() || option.variadic || Array.isArray(option.defaultValue)) continue
    let times = 0
    command.on(`option:${option.name()}`, () => {
      if (++times > 1)
        throw new UsageError(`${option.long ?? option.flags} is given twice`, 'give it once, with one value')
    })
  }
}

/** One of the known names. @throws UsageError that suggests the nearest */
export function oneOf<Name extends string>(what: string, given: string, known: readonly Name[]): Name {
  if ((known as readonly string[]).includes(given)) return given as Name
  const meant = nearest(given, known)
  const list = `known: ${known.join(', ')}`
  throw new UsageError(`unknown ${what} "${given}"`, meant ? `did you mean "${meant}"? (${list})` : list)
}
