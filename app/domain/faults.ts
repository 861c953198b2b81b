/**
 * The known-bad cases that prove our oracles: each makes Worklane break one promise. They exist only when
 * WORKLANE_FAULTS names them at the start, and production refuses to start with any.
 */
export type Faults = {
  /** Operation → milliseconds that it answers late. */
  delays: Map<string, number>
}

let current: Faults | undefined

export function faults(): Faults {
  current ??= parseFaults(process.env.WORKLANE_FAULTS ?? '', process.env.WORKLANE_ENV ?? 'production')
  return current
}

/** @param text `delay=<operation>:<ms>`, several with commas @throws Error when unknown */
export function parseFaults(text: string, environment: string): Faults {
  const parsed: Faults = { delays: new Map() }
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
  if (entries.length > 0 && environment === 'production') {
    throw new Error(
      'WORKLANE_FAULTS is set, and WORKLANE_ENV is production: faults are for tests only; unset it',
    )
  }
  for (const entry of entries) {
    const delay = /^delay=([a-zA-Z.]+):(\d+)$/.exec(entry)
    if (delay?.[1]) parsed.delays.set(delay[1], Number(delay[2]))
    else throw new Error(`WORKLANE_FAULTS: unknown fault "${entry}"; known: delay=<operation>:<ms>`)
  }
  return parsed
}
