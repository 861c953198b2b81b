import { operationNames } from './routes.ts'
import { nearest, UsageError } from './usage.ts'

/** A known-bad case that a run is made with, to see that the verdict is red. */
export type Fault =
  | { kind: 'delay'; operation: string; milliseconds: number }
  /** An operation, or what comes of writes (`effects`), asks the database so many times more, as an N+1 query does. */
  | { kind: 'repeat'; operation: string; times: number }
  /** Worklane's cache without a tenant in its keys, or an operation that keeps its first answer for everybody. */
  | { kind: 'leak'; where: string }
  /** Worklane's processes take so many percent more CPU for everything. */
  | { kind: 'slow'; percent: number }
  /** The edge sends everything as it is. */
  | { kind: 'uncompressed' }
  /** A tenant may ask for as much as it likes. */
  | { kind: 'no-tenant-limits' }
  /**
   * What Stripe tells is taken in and booked as often as it comes, is acknowledged and lost, one in ten, or is refused for
   * good, a type of it.
   */
  | { kind: 'webhook'; how: 'twice' | 'lost' | 'refused' }
  | { kind: 'starve-generator'; share: number }
  | { kind: 'stop'; part: string; at: number }
  /** As a deployment does it; with another process of the part nobody may notice. */
  | { kind: 'restart'; part: string; at: number }

/** What writes bring about runs in no operation. */
const repeatable = [...operationNames, 'effects']
const stoppable = ['api', 'web', 'worker', 'postgres', 'redis', 'edge', 'prometheus', 'payments']

const known: { pattern: RegExp; example: string; read: (match: string[]) => Fault }[] = [
  {
    pattern: /^delay=([a-zA-Z.]+):(\d+)$/,
    example: 'delay=task.list:900',
    read: ([, operation = '', time]) => ({
      kind: 'delay',
      operation: knownOperation('delays', operation),
      milliseconds: Number(time),
    }),
  },
  {
    pattern: /^repeat=([a-zA-Z.]+):([1-9]\d?)$/,
    example: 'repeat=board.get:9',
    read: ([, operation = '', times]) => ({
      kind: 'repeat',
      operation: knownOperation('repeats', operation, repeatable),
      times: Number(times),
    }),
  },
  {
    pattern: /^slow=([1-9]\d{0,2})$/,
    example: 'slow=10',
    read: ([, percent]) => ({ kind: 'slow', percent: Number(percent) }),
  },
  { pattern: /^uncompressed$/, example: 'uncompressed', read: () => ({ kind: 'uncompressed' }) },
  { pattern: /^no-tenant-limits$/, example: 'no-tenant-limits', read: () => ({ kind: 'no-tenant-limits' }) },
  {
    pattern: /^leak=(cache|memory:[a-zA-Z.]+)$/,
    example: 'leak=cache',
    read: ([, where = '']) => {
      const operation = where.split(':')[1]
      if (operation) knownOperation('leaks', operation)
      return { kind: 'leak', where }
    },
  },
  {
    pattern: /^webhook-(twice|lost|refused)$/,
    example: 'webhook-twice',
    read: ([, how]) => ({
      kind: 'webhook',
      how: how === 'twice' || how === 'refused' ? how : 'lost',
    }),
  },
  {
    pattern: /^starve-generator=(0?\.\d+)$/,
    example: 'starve-generator=0.05',
    read: ([, share]) => ({ kind: 'starve-generator', share: Number(share) }),
  },
  {
    pattern: new RegExp(`^stop=((?:${stoppable.join('|')})(?:-\\d+)?)@(\\d{1,2})%$`),
    example: 'stop=api@50%',
    read: ([, part = '', percent]) => ({ kind: 'stop', part, at: Number(percent) / 100 }),
  },
  {
    pattern: /^restart=((?:api|web|worker)(?:-\d+)?)@(\d{1,2})%$/,
    example: 'restart=api-1@30%',
    read: ([, part = '', percent]) => ({ kind: 'restart', part, at: Number(percent) / 100 }),
  },
]

/** @throws UsageError with what was meant */
function knownOperation(verb: string, operation: string, names = operationNames): string {
  if (names.includes(operation)) return operation
  const meant = nearest(operation, names)
  throw new UsageError(
    `--fault ${verb} the unknown operation "${operation}"`,
    meant ? `did you mean "${meant}"?` : `known: ${names.join(', ')}`,
  )
}

/** @throws UsageError with the known forms */
export function readFault(text: string): Fault {
  for (const { pattern, read } of known) {
    const match = pattern.exec(text)
    if (match) return read([...match])
  }
  throw new UsageError(
    `unknown --fault "${text}"`,
    `known: ${known.map(({ example }) => example).join(', ')}`,
  )
}

/** Those that only a load test makes. */
const ofALoadTest: Fault['kind'][] = ['starve-generator', 'stop', 'restart', 'no-tenant-limits']

/**
 * @param texts as `--fault` gave them
 * @throws UsageError for one that would break nothing here
 */
export function readStackFaults(texts: readonly string[]): Fault[] {
  return texts.map((text) => {
    const fault = readFault(text)
    if (ofALoadTest.includes(fault.kind))
      throw new UsageError(
        `--fault ${text} is a load test's and would break nothing here`,
        'give one that Worklane starts with, such as slow=10',
      )
    return fault
  })
}

/** What a stack is started with, so that it has the faults that begin with it. */
export const stackFaults = (faults: readonly Fault[]): { faults: string; compress: boolean } => ({
  faults: worklaneFaults(faults),
  compress: !faults.some(({ kind }) => kind === 'uncompressed'),
})

/** Worklane's share of the faults, as WORKLANE_FAULTS says it. */
const worklaneFaults = (faults: readonly Fault[]): string =>
  faults
    .flatMap((fault) => {
      if (fault.kind === 'delay') return [`delay=${fault.operation}:${fault.milliseconds}`]
      if (fault.kind === 'repeat') return [`repeat=${fault.operation}:${fault.times}`]
      if (fault.kind === 'webhook') return [`webhook-${fault.how}`]
      if (fault.kind === 'slow') return [`slow=${fault.percent}`]
      return fault.kind === 'leak' ? [`leak=${fault.where}`] : []
    })
    .join(',')

const period = 200

/**
 * Cuts a process's CPU to a share of the time, as cpulimit does: stopped and continued, five times a second.
 * @returns how to end it
 */
export function starve(signal: (signal: NodeJS.Signals) => void, share: number): () => void {
  let timer: NodeJS.Timeout
  let running = true
  const turn = (stopped: boolean) => {
    if (!running) return
    signal(stopped ? 'SIGSTOP' : 'SIGCONT')
    timer = setTimeout(() => turn(!stopped), period * (stopped ? 1 - share : share))
  }
  turn(true)
  return () => {
    running = false
    clearTimeout(timer)
    signal('SIGCONT')
  }
}
