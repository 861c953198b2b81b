import { nearest, octave, preferredUpTo } from './preferred.ts'

/** What one run with so many users came to. */
export type Probe = {
  users: number
  verdict: 'pass' | 'fail' | 'invalid'
  stepsPerSecond: number
  why: string
  /** Somebody ended it: they want no further one. */
  interrupted?: boolean
  /** Others used the machine each time that it was played. */
  disturbed?: boolean
}

export type Found = {
  /** The most users that held, so many times in a row when confirmed; 0 when none did. */
  lastPass: number
  /** The fewest that did not, twice when confirmed; null when the most that may be asked for held. */
  firstFail: number | null
  confirmed: boolean
  /** Why there is no answer, or null. */
  invalid: string | null
  probes: Probe[]
}

export type Search = {
  start: number
  /** No more than the population has. */
  most: number
  confirmations: number
  probe: (users: number) => Promise<Probe>
}

/** How often so many users were tried, and what came of it. */
type Tries = { passed: number; failed: number }

/** A machine has its moments: a number that broke once and then held twice has held. */
const isBroken = ({ passed, failed }: Tries) => failed >= 2 || (failed === 1 && passed < 2)

/**
 * The most users that keep every promise: twice as many until one breaks, then bisection, then the upper end of the
 * bracket again, which must break twice, and the lower, which must hold so many times in a row.
 *
 * Only preferred numbers are tried, an eighth apart: that is how far a machine's moments move the figure, and of two
 * searches the brackets are the same, or neighbours.
 */
export async function search({ start, most, confirmations, probe }: Search): Promise<Found> {
  const numbers = preferredUpTo(most)
  const probes: Probe[] = []
  const tries = new Map<number, Tries>()
  const first = nearest(numbers, start)
  let inARow = { users: 0, times: 0 }

  /** @returns why there is no answer, or null when there is one */
  const ask = async (users: number): Promise<string | null> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await probe(users)
      probes.push(result)
      if (result.interrupted) return 'the search was interrupted'
      if (result.verdict === 'invalid' && result.disturbed) return `with ${users} users: ${result.why}`
      if (result.verdict === 'invalid') continue
      const { passed, failed } = tries.get(users) ?? { passed: 0, failed: 0 }
      const held = result.verdict === 'pass'
      tries.set(users, held ? { passed: passed + 1, failed } : { passed, failed: failed + 1 })
      return null
    }
    return `with ${users} users, twice: ${probes.at(-1)?.why}`
  }

  for (;;) {
    const { lastPass, firstFail } = bracketOf(tries)
    const end = (confirmed: boolean, invalid: string | null = null): Found => ({
      lastPass,
      firstFail,
      confirmed,
      invalid,
      probes,
    })
    const next = nextOf({ lastPass, firstFail, tries, numbers, first })
    if (next === 'none held') return end(false)
    if (next !== 'confirm') {
      const invalid = await ask(next)
      if (invalid) return end(false, invalid)
      inARow = { users: 0, times: 0 }
      continue
    }
    if (inARow.users === lastPass && inARow.times === confirmations) return end(true)
    const { failed: before } = tries.get(lastPass) as Tries
    const invalid = await ask(lastPass)
    if (invalid) return end(false, invalid)
    const held = (tries.get(lastPass) as Tries).failed === before
    const times = inARow.users === lastPass ? inARow.times : 0
    inARow = { users: lastPass, times: held ? times + 1 : 0 }
  }
}

/** The fewest that are broken, and the most below them that held; 0 and null where there are none. */
function bracketOf(tries: ReadonlyMap<number, Tries>): { lastPass: number; firstFail: number | null } {
  const broken = [...tries].filter(([, of]) => isBroken(of)).map(([users]) => users)
  const firstFail = broken.length > 0 ? Math.min(...broken) : null
  const held = [...tries.keys()].filter((users) => users < (firstFail ?? Number.POSITIVE_INFINITY))
  return { lastPass: Math.max(0, ...held), firstFail }
}

/** How many to try next, or that the best is to be confirmed, or that even the fewest are too many. */
function nextOf({
  lastPass,
  firstFail,
  tries,
  numbers,
  first,
}: {
  lastPass: number
  firstFail: number | null
  tries: ReadonlyMap<number, Tries>
  numbers: readonly number[]
  first: number
}): number | 'confirm' | 'none held' {
  const at = (place: number) => numbers[Math.min(numbers.length - 1, Math.max(0, place))] as number
  const low = numbers.indexOf(lastPass)
  if (firstFail === null) {
    if (low < 0) return at(first)
    return low === numbers.length - 1 ? 'confirm' : at(low + octave)
  }
  const high = numbers.indexOf(firstFail)
  const isSure = (tries.get(firstFail) as Tries).failed >= 2
  if (low < 0) {
    if (high > Math.max(0, first - fewest)) return at(Math.max(first - fewest, high - octave))
    return isSure ? 'none held' : firstFail
  }
  if (high - low > 1) return at(Math.floor((low + high) / 2))
  return isSure ? 'confirm' : firstFail
}

/** A sixteenth of the users to begin with; who does not carry these is broken, not small. */
const fewest = 4 * octave
