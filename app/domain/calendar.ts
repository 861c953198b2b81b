const formats = new Map<string, Intl.DateTimeFormat>()

/** The calendar's day in a zone, as `2026-11-29`. */
export const dayIn = (timeZone: string, at: Date): string => timeIn(timeZone, at).slice(0, 10)

/** What the clocks of a zone show, as `2026-11-29 14:05`. */
export function timeIn(timeZone: string, at: Date): string {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      ...({ timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' } as const),
      ...({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const),
    })
    formats.set(timeZone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  const { year = '', month, day, hour, minute } = parts
  return `${year.padStart(4, '0')}-${month}-${day} ${hour}:${minute}`
}
