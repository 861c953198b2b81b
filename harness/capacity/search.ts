/** What one run with so many users came to. */
export type Probe = {
  users: number
  verdict: 'pass' | 'fail' | 'invalid'
  stepsPerSecond: number
  why: string
}

export type Found = {
  /** The most users that held, three times; 0 when none did. */
  lastPass: number
  /** The fewest that did not; null when the most that may be asked for held. */
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

/**
 * The most users that keep every promise: twice as many until one breaks, then bisection, then the best again
 * until it has held so many times in a row. One that holds only sometimes counts as broken.
 */
export async function search({ start, most, resolution, confirmations, probe }: Search): Promise<Found> {
  const probes: Probe[] = []
  let lastPass = 0
  let firstFail: number | null = null
  let invalid: string | null = null

  /** Once more when a run says nothing: a machine has its moments. @returns null when it says nothing twice */
  const holds = async (users: number): Promise<boolean | null> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const result = await probe(users)
      probes.push(result)
      if (result.verdict !== 'invalid') return result.verdict === 'pass'
      invalid = `with ${users} users, twice: ${result.why}`
    }
    return null
  }
  const learn = async (users: number): Promise<boolean> => {
    const held = await holds(users)
    if (held === null) return false
    invalid = null
    if (held) lastPass = Math.max(lastPass, users)
    else firstFail = Math.min(firstFail ?? users, users)
    return true
  }
  const end = (confirmed: boolean): Found => ({ lastPass, firstFail, confirmed, invalid, probes })

  let users = Math.min(most, rounded(start))
  while (firstFail === null && lastPass < most) {
    if (!(await learn(users))) return end(false)
    users = Math.min(most, rounded(users * 2))
  }
  const smallest = rounded(start / 16)
  while (lastPass === 0 && firstFail !== null && firstFail > smallest) {
    if (!(await learn(rounded(firstFail / 2)))) return end(false)
  }
  for (let confirmed = 0; lastPass > 0; ) {
    const middle: number = rounded((lastPass + (firstFail ?? lastPass)) / 2)
    const isNarrow = firstFail === null || firstFail - lastPass <= resolution * lastPass
    if (!isNarrow && middle > lastPass && middle < (firstFail ?? 0)) {
      if (!(await learn(middle))) return end(false)
      confirmed = 0
      continue
    }
    if (confirmed === confirmations) return end(true)
    const held = await holds(lastPass)
    if (held === null) return end(false)
    invalid = null
    if (held) {
      confirmed++
      continue
    }
    firstFail = lastPass
    lastPass = lastHeld(probes, lastPass)
    confirmed = 0
  }
  return end(false)
}

/** The most below a number that held whenever it was tried; 0 when none did. */
function lastHeld(probes: readonly Probe[], below: number): number {
  const failed = new Set(probes.filter(({ verdict }) => verdict === 'fail').map(({ users }) => users))
  return Math.max(
    0,
    ...probes
      .filter(({ users, verdict }) => verdict === 'pass' && users < below && !failed.has(users))
      .map(({ users }) => users),
  )
}
