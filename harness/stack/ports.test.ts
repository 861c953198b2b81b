import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { takePortBlock } from './ports.ts'

/** Beside the usual range, so that a stack that runs meanwhile takes nothing from it. */
const twoBlocks = { from: 15_000, to: 15_063 }

describe('a block of ports', () => {
  it('is nobody else’s', async () => {
    const blocks = await Promise.all(Array.from({ length: 20 }, () => takePortBlock()))
    const ports: number[] = []
    for (const block of blocks) for (let n = 0; n < 5; n++) ports.push(await block.next())
    expect(new Set(ports).size).toBe(100)
    for (const block of blocks) block.release()
  })

  it('leaves out a port on which somebody listens', async () => {
    const block = await takePortBlock()
    const port = await block.next()
    const stranger = createServer().listen(port + 1, '127.0.0.1')
    await once(stranger, 'listening')
    expect(await block.next()).toBe(port + 2)
    stranger.close()
    block.release()
  })

  it('is not given to another process, and is free when its own was killed', async () => {
    const holder = execa(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { takePortBlock } = await import('${join(import.meta.dirname, 'ports.ts')}')
       await takePortBlock(${JSON.stringify(twoBlocks)})
       await takePortBlock(${JSON.stringify(twoBlocks)})
       console.log('taken')
       setInterval(() => {}, 1000)`,
      ],
      { reject: false },
    )
    await once(holder.stdout, 'data')
    await expect(takePortBlock(twoBlocks)).rejects.toThrow('all ports from 15000 to 15063 are taken: stop')
    holder.kill('SIGKILL')
    await holder
    const block = await takePortBlock(twoBlocks)
    expect(await block.next()).toBeGreaterThan(15_000)
    block.release()
  })

  it('ends', async () => {
    // Nobody else's: get-port keeps back for a while what it gave to the tests before.
    const block = await takePortBlock({ from: 15_064, to: 15_095 })
    for (let n = 1; n < 32; n++) await block.next()
    await expect(block.next()).rejects.toThrow('are taken')
    block.release()
  })
})
