import { readdir, readFile } from 'node:fs/promises'
import { platform } from 'node:os'

export type Usage = { cpuSeconds: number; rssBytes: number }

/** What Linux counts CPU time in, on every architecture that Node runs on. */
const ticksPerSecond = 100
const pageBytes = 4096

type Row = { pid: number; parent: number; ticks: number; pages: number }

/** CPU time and memory of each process with all its descendants; empty where there is no /proc. */
export async function usageOf(pids: readonly number[]): Promise<Map<number, Usage>> {
  if (platform() !== 'linux') return new Map()
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const rows = (await Promise.all(names.map(readRow))).filter((row) => row !== undefined)
  const children = Map.groupBy(rows, (row) => row.parent)
  const byPid = new Map(rows.map((row) => [row.pid, row]))
  const total = (row: Row): Usage => {
    const usage = { cpuSeconds: row.ticks / ticksPerSecond, rssBytes: row.pages * pageBytes }
    for (const child of children.get(row.pid) ?? []) {
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

/** Fields of /proc/<pid>/stat, see proc(5); the name in brackets may hold spaces. Ended children count too. */
async function readRow(name: string): Promise<Row | undefined> {
  const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [parent = 0, utime = 0, stime = 0, cutime = 0, cstime = 0, pages = 0] = [1, 11, 12, 13, 14, 21].map(
    (index) => fields[index],
  )
  return { pid: Number(name), parent, ticks: utime + stime + cutime + cstime, pages }
}
