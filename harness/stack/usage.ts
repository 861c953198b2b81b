import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { endianness, platform } from 'node:os'
import { basename } from 'node:path'
import { promisify } from 'node:util'

export type Usage = { cpuSeconds: number; rssBytes: number }

/** One process of this machine. */
export type ProcessRow = {
  pid: number
  parent: number
  /**
   * The process that began its session: whoever is started in a session of its own is the first of it. 0 where that
   * one cannot be seen from here (it is outside of this container), or where `ps` tells none.
   */
  session: number
  /** Tells two processes apart that had the same pid. */
  startedAt: string
  /** The command's own name, without its path and its arguments. */
  name: string
  /** Work of the system itself, which no program asked for by itself. */
  isKernel: boolean
  /** With those of its children that ended. */
  cpuSeconds: number
  /** Of its children that ended alone, and of theirs. */
  endedSeconds: number
  rssBytes: number
}

/** CPU time and memory of each process with all its descendants; empty where no process can be watched. */
export async function usageOf(pids: readonly number[]): Promise<Map<number, Usage>> {
  const rows = (await processTable()) ?? []
  const children = Map.groupBy(rows, (row) => row.parent)
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  const total = ({ pid, cpuSeconds, rssBytes }: ProcessRow): Usage => {
    const usage = { cpuSeconds, rssBytes }
    for (const child of children.get(pid) ?? []) {
      const below = total(child)
      usage.cpuSeconds += below.cpuSeconds
      usage.rssBytes += below.rssBytes
    }
    return usage
  }
  return new Map(
    pids.flatMap((pid) => {
      const row = byPid.get(pid)
      return row ? [[pid, total(row)] as const] : []
    }),
  )
}

/** All processes that may be seen; null where neither /proc nor `ps` tells of any. */
export async function processTable(): Promise<ProcessRow[] | null> {
  if (platform() === 'linux') {
    const units = await kernelUnits()
    return units ? tableOfProc(units) : null
  }
  return tableOfPs()
}

/** What the kernel counts CPU time and memory in. */
export type KernelUnits = { ticksPerSecond: number; pageBytes: number }

let units: Promise<KernelUnits | null> | undefined

/** Of this machine, as the kernel tells each process; null where there is no /proc. */
export function kernelUnits(): Promise<KernelUnits | null> {
  units ??= readFile('/proc/self/auxv').then(unitsIn, () => null)
  return units
}

/** @param auxv pairs of words, see getauxval(3); a word is 8 bytes wherever Node runs on Linux but on 32-bit ARM */
export function unitsIn(auxv: Buffer, wordBytes = process.arch === 'arm' ? 4 : 8): KernelUnits | null {
  const word = (place: number) => {
    const at = place * wordBytes
    return endianness() === 'LE'
      ? auxv.readUIntLE(at, Math.min(6, wordBytes))
      : auxv.readUIntBE(at + Math.max(0, wordBytes - 6), Math.min(6, wordBytes))
  }
  const found = new Map<number, number>()
  for (let place = 0; (place + 2) * wordBytes <= auxv.length; place += 2)
    found.set(word(place), word(place + 1))
  const [pageBytes, ticksPerSecond] = [found.get(auxiliary.pageSize), found.get(auxiliary.clockTick)]
  return pageBytes && ticksPerSecond ? { pageBytes, ticksPerSecond } : null
}

/** AT_PAGESZ and AT_CLKTCK of elf.h. */
const auxiliary = { pageSize: 6, clockTick: 17 }

async function tableOfProc(units: KernelUnits): Promise<ProcessRow[] | null> {
  const entries = await readdir('/proc').catch(() => [])
  const rows = await Promise.all(
    entries
      .filter((name) => /^\d+$/.test(name))
      // One that ended meanwhile, or that we may not see (the mount option hidepid), has no row.
      .map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined)),
  )
  const known = rows.flatMap((text) => (text === undefined ? [] : rowOfStat(text, units)))
  return known.length > 0 ? known : null
}

/** PF_KTHREAD of the kernel's sched.h. */
const kernelThread = 0x00200000

/** @param text of /proc/<pid>/stat, see proc(5); the name in brackets may hold spaces and brackets */
export function rowOfStat(text: string, { ticksPerSecond, pageBytes }: KernelUnits): ProcessRow {
  const [opens, closes] = [text.indexOf('('), text.lastIndexOf(')')]
  const fields = text.slice(closes + 2).split(' ')
  // The third field of the man page is the first here.
  const field = (number: number) => Number(fields[number - 3])
  const [own, ended] = [field(14) + field(15), field(16) + field(17)]
  return {
    pid: Number(text.slice(0, opens)),
    parent: field(4),
    session: field(6),
    startedAt: fields[22 - 3] ?? '',
    name: text.slice(opens + 1, closes),
    isKernel: (field(9) & kernelThread) !== 0,
    cpuSeconds: (own + ended) / ticksPerSecond,
    endedSeconds: ended / ticksPerSecond,
    rssBytes: field(24) * pageBytes,
  }
}

const run = promisify(execFile)

/** For systems without /proc; there the time of children that ended is nobody's. */
export async function tableOfPs(): Promise<ProcessRow[] | null> {
  const columns = ['pid', 'ppid', 'sess', 'time', 'rss', 'comm'].flatMap((name) => ['-o', `${name}=`])
  const told = await run('ps', ['-A', ...columns], { maxBuffer: 64 * 1024 ** 2 }).catch(() => null)
  return told?.stdout.split('\n').flatMap(rowOfPs) ?? null
}

/** @param line of `ps`: pid, parent, session, CPU time as [[days-]hours:]minutes:seconds, memory in KiB, command */
export function rowOfPs(line: string): ProcessRow[] {
  const found = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(?:(\d+)-)?([\d:.]+)\s+(\d+)\s+(.+?)\s*$/.exec(line)
  if (!found) return []
  const [, pid, parent, session, days = '0', clock = '', kib, command = ''] = found
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return [
    {
      pid: Number(pid),
      parent: Number(parent),
      session: Number(session) || 0,
      startedAt: '',
      name: basename(command),
      isKernel: false,
      cpuSeconds: Number(days) * 86_400 + seconds,
      endedSeconds: 0,
      rssBytes: Number(kib) * 1_024,
    },
  ]
}
