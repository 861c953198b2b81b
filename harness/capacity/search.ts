/** What one run with so many users came to. */
export type Probe = {
  users: number
  verdict: 'pass' | 'fail' | 'invalid'
  stepsPerSecond: number
  why: string
  /** Somebody ended it: they want no further one. */
  interrupted?: boolean
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
  /** The bracket is narrow enough when it is this share of its lower end. */
  resolution: number
  confirmations: number
  probe: (users: number) => Promise<Probe>
}

/** Steps are whole hundreds from a thousand users on: a finer figure would only look exact. */
const rounded = (users: number): number => {
  const unit = users >= 1_000 ? 100 : 10
  return Math.max(unit, Math.round(users / unit) * unit)
}

/** How often so many users were tried, and what came of it. */
type Tries = { passed: number; failed: number }

/** A machine has its moments: a number that broke once and then held twice has held. */
const isBroken = ({ passed, failed }: Tries) => failed >= 2 || (failed === 1 && passed < 2)

/**
 * The most users that keep every promise: twice as many until one breaks, then bisection, then the upper end of the
 * bracket again, which must break twice, and the lower, which must hold so many times in a row.
 */
export async function search({ start, most, resolution, confirmations, probe }: Search): Promise<Found> {
  const probes: Probe[] = []
  const tries = new Map<number, Tries>()
  const smallest = rounded(start / 16)
  let inARow = { users: 0, times: 0 }

  /** @returns why there is no answer, or null when there is one */
  const ask = async (users: number): Promise<string | null> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await probe(users)
      probes.push(result)
      if (result.interrupted) return 'the search was interrupted'
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
      ...{ lastPass, firstFail, confirmed, invalid, probes },
    })
    const next = nextOf({ lastPass, firstFail, tries, most, resolution, smallest, start })
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
function nextOf(known: {
  lastPass: number
  firstFail: number | null
  tries: ReadonlyMap<number, Tries>
  most: number
  resolution: number
  smallest: number
  start: number
}): number | 'confirm' | 'none held' {
  const { lastPass, firstFail, tries, most, resolution, smallest, start } = known
  if (firstFail === null) {
    return lastPass >= most ? 'confirm' : Math.min(most, rounded(lastPass > 0 ? lastPass * 2 : start))
  }
  const isSure = (tries.get(firstFail) as Tries).failed >= 2
  if (lastPass === 0) {
    if (firstFail > smallest) return rounded(firstFail / 2)
    return isSure ? 'none held' : firstFail
  }
  const middle = rounded((lastPass + firstFail) / 2)
  const isNarrow = firstFail - lastPass <= resolution * lastPass
  if (!isNarrow && middle > lastPass && middle < firstFail) return middle
  return isSure ? 'confirm' : firstFail
}
