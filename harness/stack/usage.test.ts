import { execFileSync } from 'node:child_process'
import { platform } from 'node:os'
import { describe, expect, it } from 'vitest'
import { kernelUnits, processTable, rowOfPs, rowOfStat, tableOfPs, unitsIn, usageOf } from './usage.ts'

const isLinux = platform() === 'linux'
const stat = (name: string, flags = 4_194_304) =>
  `4242 (${name}) S 17 4242 4000 0 -1 ${flags} 900 0 0 0 150 50 20 30 20 0 1 0 123456 1000000 2500 18446744073709551615`

describe('what a process uses', () => {
  it('is read with the size of a page and of a tick that this kernel has', async () => {
    const asked = (name: string) => Number(execFileSync('getconf', [name], { encoding: 'utf8' }))
    const expected = isLinux ? { pageBytes: asked('PAGESIZE'), ticksPerSecond: asked('CLK_TCK') } : null
    expect(await kernelUnits()).toEqual(expected)
  })

  it('is four times as much where a page is 16 KiB', () => {
    const units = { ticksPerSecond: 100, pageBytes: 16_384 }
    expect(rowOfStat(stat('node'), units)).toMatchObject({ rssBytes: 2_500 * 16_384, cpuSeconds: 2.5 })
    const words = [6, 16_384, 17, 250, 0, 0].map((word) => BigInt(word))
    const auxv = Buffer.from(new BigUint64Array(words).buffer)
    expect(unitsIn(auxv, 8)).toEqual({ pageBytes: 16_384, ticksPerSecond: 250 })
    expect(unitsIn(Buffer.alloc(0), 8)).toBeNull()
  })

  it('belongs to a name that may hold brackets and spaces, and to no program when it is the kernel’s', () => {
    const units = { ticksPerSecond: 100, pageBytes: 4_096 }
    expect(rowOfStat(stat('a) b (c'), units)).toMatchObject({
      pid: 4_242,
      parent: 17,
      session: 4_000,
      name: 'a) b (c',
      isKernel: false,
      startedAt: '123456',
    })
    expect(rowOfStat(stat('kworker/0:1', 69_238_880), units).isKernel).toBe(true)
  })

  it('is what the process itself says of its memory, and holds its children', async () => {
    const used = (await usageOf([process.pid])).get(process.pid)
    expect((used?.rssBytes ?? 0) / process.memoryUsage().rss).toBeGreaterThan(0.8)
    expect(used?.cpuSeconds).toBeGreaterThan(0)
  })

  it('is told by ps as well, for systems without /proc', async () => {
    const [ps, table] = [await tableOfPs(), await processTable()]
    const own = (rows: typeof ps) => rows?.find(({ pid }) => pid === process.pid)
    expect(own(ps)?.parent).toBe(process.ppid)
    expect(own(ps)?.session).toBe(own(table)?.session)
    expect((own(ps)?.rssBytes ?? 0) / (own(table)?.rssBytes ?? 1)).toBeCloseTo(1, 0)
    expect(rowOfPs('  812   1  812 1-02:03:04 2048 /usr/local/bin/a program')).toMatchObject([
      { pid: 812, parent: 1, cpuSeconds: 93_784, rssBytes: 2_097_152, name: 'a program' },
    ])
    expect(rowOfPs('501 1 - 3:07.25 128 node')).toMatchObject([{ cpuSeconds: 187.25, session: 0 }])
    // Its session began outside of this container: the kernel says 0, and so does ps.
    expect(rowOfPs('501 1 0 3:07 128 node')).toMatchObject([{ session: 0 }])
    expect(rowOfPs('')).toEqual([])
  })
})
