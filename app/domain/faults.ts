/**
 * The known-bad cases that prove our oracles: each makes Worklane break one promise. They exist only when
 * WORKLANE_FAULTS names them at the start, and production refuses to start with any.
 */
export type Faults = {
  /** Operation → milliseconds that it answers late. */
  delays: Map<string, number>
  /** The cache forgets whose answer it keeps: a key without a tenant. */
  leakingCache: boolean
  /** An operation that keeps its first answer in a variable of the module, and gives it to everybody. */
  leakingMemory: Set<string>
}

let current: Faults | undefined

export function faults(): Faults {
  current ??= parseFaults(process.env.WORKLANE_FAULTS ?? '', process.env.WORKLANE_ENV ?? 'production')
  return current
}

/** @param text `delay=<operation>:<ms>`, `leak=cache` or `leak=memory:<operation>`, several with commas @throws Error when unknown */
export function parseFaults(text: string, environment: string): Faults {
  const parsed: Faults = { delays: new Map(), leakingCache: false, leakingMemory: new Set() }
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
    const memory = /^leak=memory:([a-zA-Z.]+)$/.exec(entry)
    if (delay?.[1]) parsed.delays.set(delay[1], Number(delay[2]))
    else if (memory?.[1]) parsed.leakingMemory.add(memory[1])
    else if (entry === 'leak=cache') parsed.leakingCache = true
    else {
      const known = 'delay=<operation>:<ms>, leak=cache, leak=memory:<operation>'
      throw new Error(`WORKLANE_FAULTS: unknown fault "${entry}"; known: ${known}`)
    }
  }
  return parsed
}
