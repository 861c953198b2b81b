/**
 * The known-bad cases that prove our oracles: each makes Worklane break one promise. They exist only when
 * WORKLANE_FAULTS names them at the start, and production refuses to start with any.
 */
export type Faults = {
  /** Operation → milliseconds that it answers late. */
  delays: Map<string, number>
  /** Operation, or `effects` of writes → how often more it asks the database: an N+1 query. */
  repeats: Map<string, number>
  /** The cache forgets whose answer it keeps: a key without a tenant. */
  leakingCache: boolean
  /** An operation that keeps its first answer in a variable of the module, and gives it to everybody. */
  leakingMemory: Set<string>
  /** What billing does without: see `Without`. */
  without: Set<Without>
  /** The share of its own CPU that a process wastes beside it: 0.1 makes everything take a tenth more. */
  slower: number
  /** Usage that is counted after the answer, or under another identifier each time that it is written or told. */
  usage: Set<'late' | 'anew'>
  /** What Stripe tells is booked as often as it is told, one in ten is acknowledged and lost, or a type is refused. */
  webhooks: 'twice' | 'lost' | 'refused' | null
  /** Queues that serve jobs as they come, whoever they are of. */
  plainQueues: boolean
}

/**
 * unique-event: an event is stored each time it comes. fence: an older reading is written over a later one.
 * lock: several read a customer at a time.
 */
const omissible = ['unique-event', 'fence', 'lock'] as const
type Without = (typeof omissible)[number]

const webhookFaults = ['twice', 'lost', 'refused'] as const

let current: Faults | undefined

export function faults(): Faults {
  current ??= parseFaults(process.env.WORKLANE_FAULTS ?? '', process.env.WORKLANE_ENV ?? 'production')
  return current
}

/** The known-bad case of an N+1 query: asks as often more as the fault of that name says; never without it. */
export async function repeatedly(name: string, ask: () => Promise<unknown>): Promise<void> {
  for (let again = faults().repeats.get(name) ?? 0; again > 0; again--) await ask()
}

/** Makes this process waste CPU, when it was told to. */
export function startSlowness(): void {
  const { slower } = faults()
  if (slower === 0) return
  let before = process.cpuUsage()
  setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    const until = performance.now() + ((user + system) / 1000) * slower
    while (performance.now() < until);
    before = process.cpuUsage()
  }, slownessEveryMs).unref()
}

/** Short beside a page's time, so that each request meets its share. */
const slownessEveryMs = 5

const known =
  'delay=<operation>:<ms>, repeat=<operation>:<times>, leak=cache, leak=memory:<operation>, slow=<percent>, without=<unique-event|fence|lock>, usage=late, usage=anew, webhook-twice, webhook-lost, webhook-refused, plain-queues'

/** @param text such as `delay=task.list:900`, several with commas @throws Error when unknown */
export function parseFaults(text: string, environment: string): Faults {
  const parsed: Faults = {
    delays: new Map(),
    repeats: new Map(),
    leakingCache: false,
    leakingMemory: new Set(),
    without: new Set(),
    slower: 0,
    usage: new Set(),
    webhooks: null,
    plainQueues: false,
  }
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
    const [, what, operation, figure] = /^(delay|repeat)=([a-zA-Z.]+):(\d+)$/.exec(entry) ?? []
    const slow = /^slow=(\d+)$/.exec(entry)
    const omitted = omissible.find((each) => entry === `without=${each}`)
    const webhook = webhookFaults.find((each) => entry === `webhook-${each}`)
    const memory = /^leak=memory:([a-zA-Z.]+)$/.exec(entry)
    if (operation) parsed[what === 'delay' ? 'delays' : 'repeats'].set(operation, Number(figure))
    else if (memory?.[1]) parsed.leakingMemory.add(memory[1])
    else if (omitted) parsed.without.add(omitted)
    else if (entry === 'usage=late') parsed.usage.add('late')
    else if (entry === 'usage=anew') parsed.usage.add('anew')
    else if (slow) parsed.slower = Number(slow[1]) / 100
    else if (webhook) parsed.webhooks = webhook
    else if (entry === 'plain-queues') parsed.plainQueues = true
    else if (entry === 'leak=cache') parsed.leakingCache = true
    else throw new Error(`WORKLANE_FAULTS: unknown fault "${entry}"; known: ${known}`)
  }
  return parsed
}
