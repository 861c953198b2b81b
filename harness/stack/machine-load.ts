import { readFile, readlink } from 'node:fs/promises'
import { availableParallelism, cpus, platform } from 'node:os'
import { basename } from 'node:path'
import type { MachineLoad } from '../result/result.ts'
import { type Serving, whoServes } from './serving.ts'
import { kernelUnits, type ProcessRow, processTable } from './usage.ts'

/** Whether others are watched, and if not, why not. */
export type WatchedMachine = { load: MachineLoad | null; notWatched: string[] }

/** What was used from one look to the next. */
type Stretch = {
  from: number
  to: number
  foreignSeconds: number
  stolenSeconds: number | null
  byName: Map<string, number>
}

const lookEvery = 1_000
/** Who serves is looked up so often: what a target asks in turn shows once it is asked itself. */
const servingEvery = 10_000
/** CPU is counted in hundredths of a second: a shorter time than this says nothing. Milliseconds. */
const shortest = 5_000
/** Limits are 95th percentiles: what slows the worst twentieth of a run is what breaks them. */
const share = 1 / 20
const least = 10_000
/** Of the others. */
const named = 5

/**
 * Looks once a second at what this machine does for others: all that it was busy with, less what the processes of ours
 * used. Ours are this process and all that it started, whoever serves on the ports, what these ask in turn, and the
 * kernel's own threads; interrupts count to nobody, since the load's network is made of them.
 */
export class MachineWatch {
  readonly #ports: readonly number[]
  readonly #own: Own
  readonly #stretches: Stretch[] = []
  #before: Look | null = null
  #serving: Serving = { pids: [], unknown: [] }
  #servingAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  /**
   * @param ports of this machine, behind which is what is tested
   * @param root the process that is ours, with all that it started
   */
  constructor(ports: readonly number[] = [], root = process.pid) {
    this.#ports = ports
    this.#own = new Own(root)
  }

  start(): this {
    this.#lookSoon()
    this.#timer = setInterval(() => this.#lookSoon(), lookEvery)
    this.#timer.unref()
    return this
  }

  #lookSoon(): void {
    this.#looking = this.#looking.then(() => this.#look())
  }

  async #look(): Promise<void> {
    const [busy, table] = await Promise.all([busySeconds(), processTable()])
    if (busy === null || table === null) return
    const look: Look = { ...busy, at: Date.now(), table: new Map(table.map((row) => [keyOf(row), row])) }
    if (look.at - this.#servingAt >= servingEvery) {
      this.#servingAt = look.at
      this.#serving = await whoServes(this.#ports, table)
    }
    const own = this.#own.among(table, this.#serving.pids)
    if (this.#before && look.at > this.#before.at)
      this.#stretches.push(await stretchOf(this.#before, look, own))
    this.#before = look
  }

  /** Looks once more, and no more after that. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#lookSoon()
    await this.#looking
  }

  /**
   * The busiest moments of others: the worst twentieth of the time, and no less than 10 s.
   * @param from and to: epoch milliseconds
   */
  between(from: number, to: number): WatchedMachine {
    if (this.#serving.unknown.length > 0) {
      const ports = this.#serving.unknown.join(', ')
      return {
        load: null,
        notWatched: [
          `what other processes used of this machine: who serves on its port ${ports} cannot be told from them`,
        ],
      }
    }
    const load = busiestOf(this.#stretches, from, to)
    if (load) return { load, notWatched: load.stolenCores === null ? [noSteal] : [] }
    const why = this.#before === null ? 'this system does not tell' : 'it was too short a time'
    return { load: null, notWatched: [`what other processes used of this machine: ${why}`] }
  }
}

const noSteal = 'CPU time that other machines took of this one: this system does not tell'

/** Does something, and tells what others used of this machine meanwhile. */
export async function watched<T>(
  act: () => Promise<T>,
  ports: readonly number[] = [],
): Promise<{ value: T; machine: WatchedMachine }> {
  const watch = new MachineWatch(ports).start()
  const from = Date.now()
  try {
    const value = await act()
    await watch.stop()
    return { value, machine: watch.between(from, Date.now()) }
  } finally {
    await watch.stop()
  }
}

type Look = { at: number; busy: number; steal: number | null; table: Map<string, ProcessRow> }

const keyOf = ({ pid, startedAt }: ProcessRow) => `${pid} ${startedAt}`

/** Which processes are ours; once one is, it stays so, whoever its parent becomes. */
class Own {
  readonly #root: number
  readonly #keys = new Set<string>()
  /** Of which the first process was ours: what it left behind is still there when it has ended. */
  readonly #sessions = new Set<number>()

  constructor(root: number) {
    this.#root = root
  }

  among(table: readonly ProcessRow[], serving: readonly number[]): ReadonlySet<string> {
    const children = Map.groupBy(table, ({ parent }) => parent)
    const roots = new Set([this.#root, ...serving])
    // The session of whoever started us has others in it.
    const isOurs = (row: ProcessRow) =>
      row.isKernel || roots.has(row.pid) || this.#sessions.has(row.session) || this.#keys.has(keyOf(row))
    const queue = table.filter(isOurs)
    const seen = new Set<number>()
    for (let row = queue.pop(); row; row = queue.pop()) {
      if (seen.has(row.pid)) continue
      seen.add(row.pid)
      this.#keys.add(keyOf(row))
      if (row.pid === row.session && !row.isKernel) this.#sessions.add(row.session)
      queue.push(...(children.get(row.pid) ?? []))
    }
    return this.#keys
  }
}

async function stretchOf(before: Look, now: Look, own: ReadonlySet<string>): Promise<Stretch> {
  const byName = new Map<string, number>()
  let ownSeconds = 0
  for (const [key, seconds] of usedBetween(before.table, now.table)) {
    const row = now.table.get(key)
    if (own.has(key)) ownSeconds += seconds
    else if (row && seconds > 0) {
      const name = await programOf(row)
      byName.set(name, (byName.get(name) ?? 0) + seconds)
    }
  }
  return {
    from: before.at,
    to: now.at,
    byName,
    // Below nothing where clocks are read a moment apart; it adds up over several looks.
    foreignSeconds: now.busy - before.busy - ownSeconds,
    stolenSeconds: now.steal === null || before.steal === null ? null : now.steal - before.steal,
  }
}

/** Its file's name: what a process calls itself can be that of a thread. Never what it was started with. */
const programOf = ({ pid, name }: ProcessRow): Promise<string> =>
  readlink(`/proc/${pid}/exe`).then(
    (file) => basename(file).replace(/ \(deleted\)$/, ''),
    () => name,
  )

/**
 * CPU seconds of each process from one table to the next, with those of its children that ended: of one that was in
 * the table before, only what it used since, since its parent gets all of its time at once.
 */
export function usedBetween(
  before: ReadonlyMap<string, ProcessRow>,
  now: ReadonlyMap<string, ProcessRow>,
): Map<string, number> {
  const keyOfPid = new Map([...before].map(([key, { pid }]) => [pid, key]))
  const told = new Map<string, number>()
  for (const [key, row] of before) {
    if (now.has(key)) continue
    // The nearest that is left gets it, as far as its parents ended with it.
    let heir = keyOfPid.get(row.parent)
    while (heir !== undefined && !now.has(heir)) heir = keyOfPid.get(before.get(heir)?.parent ?? -1)
    if (heir !== undefined) told.set(heir, (told.get(heir) ?? 0) + row.cpuSeconds)
  }
  const used = new Map<string, number>()
  for (const [key, row] of now) {
    const last = before.get(key)
    const self = row.cpuSeconds - row.endedSeconds - (last ? last.cpuSeconds - last.endedSeconds : 0)
    const ended = row.endedSeconds - (last?.endedSeconds ?? 0) - (told.get(key) ?? 0)
    used.set(key, self + Math.max(0, ended))
  }
  return used
}

/** The stretch of time in which others used most; null where it was not watched for long enough. */
function busiestOf(stretches: readonly Stretch[], from: number, to: number): MachineLoad | null {
  const within = stretches.filter((each) => each.from >= from - lookEvery && each.to <= to + lookEvery)
  const whole = within.reduce((sum, each) => sum + each.to - each.from, 0)
  if (whole < Math.min(shortest, (to - from) * 0.8)) return null
  const width = Math.min(whole, Math.max(least, (to - from) * share))
  const loads = within.flatMap((_, first) => {
    let length = 0
    const taken = within.slice(first).filter((each) => {
      const isIn = length < width
      if (isIn) length += each.to - each.from
      return isIn
    })
    return length >= width * 0.9 ? [loadOf(taken, length / 1_000)] : []
  })
  const most = (one: MachineLoad, other: MachineLoad) => (weight(other) > weight(one) ? other : one)
  return loads.length > 0 ? loads.reduce(most) : null
}

const weight = ({ foreignCores, stolenCores }: MachineLoad) => Math.max(foreignCores, stolenCores ?? 0)

function loadOf(stretches: readonly Stretch[], seconds: number): MachineLoad {
  const cores = availableParallelism()
  const sum = (figure: (each: Stretch) => number) =>
    stretches.reduce((total, each) => total + figure(each), 0)
  const byName = new Map<string, number>()
  for (const each of stretches)
    for (const [name, used] of each.byName) byName.set(name, (byName.get(name) ?? 0) + used)
  const largest = [...byName].sort(([, a], [, b]) => b - a).slice(0, named)
  // A container may use fewer cores than there are: what others use of the rest is not taken from it.
  const spare = Math.max(0, cpus().length - cores)
  const foreign = sum(({ foreignSeconds }) => foreignSeconds) / seconds
  const beside = [...byName.values()].reduce((total, used) => total + used, 0) / seconds
  const hasSteal = stretches.every(({ stolenSeconds }) => stolenSeconds !== null)
  return {
    cores,
    foreignCores: Math.max(0, spare > 0 ? Math.max(beside, foreign - spare) : foreign),
    stolenCores: hasSteal ? sum(({ stolenSeconds }) => stolenSeconds ?? 0) / seconds : null,
    largest: largest.map(([name, used]) => ({ name, cores: used / seconds })),
  }
}

/** Of all cores since the machine started, without interrupts; null where nobody tells. */
async function busySeconds(): Promise<{ busy: number; steal: number | null } | null> {
  if (platform() === 'linux') {
    const [text, units] = await Promise.all([readFile('/proc/stat', 'utf8').catch(() => ''), kernelUnits()])
    return units && busyIn(text, units.ticksPerSecond)
  }
  const times = cpus().map((cpu) => cpu.times)
  if (times.length === 0) return null
  return { busy: times.reduce((sum, { user, nice, sys }) => sum + user + nice + sys, 0) / 1_000, steal: null }
}

/** @param text of /proc/stat, see proc(5): user, nice, system, idle, iowait, irq, softirq, steal */
export function busyIn(text: string, ticksPerSecond: number): { busy: number; steal: number | null } | null {
  const line = /^cpu +(.*)$/m.exec(text)?.[1]
  if (line === undefined) return null
  const [user = 0, nice = 0, system = 0, , , , , steal] = line.split(' ').map(Number)
  return {
    busy: (user + nice + system) / ticksPerSecond,
    steal: steal === undefined ? null : steal / ticksPerSecond,
  }
}
