import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { startCollector } from './collector.ts'

/** What nothing caught while the work went on. */
async function uncaughtDuring(work: () => Promise<void>): Promise<unknown[]> {
  const uncaught: unknown[] = []
  const listen = (error: unknown) => void uncaught.push(error)
  process.on('unhandledRejection', listen)
  await work()
  process.off('unhandledRejection', listen)
  return uncaught
}

it('a collector goes on when somebody hangs up in the middle of a message', async () => {
  const collector = await startCollector()
  onTestFinished(() => collector.close())
  const port = Number(new URL(collector.url).port)
  const uncaught = await uncaughtDuring(async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"vu":')
    await sleep(50)
    socket.destroy()
    await sleep(50)
  })
  expect(uncaught).toEqual([])
  expect((await fetch(collector.url, { method: 'POST', body: '{}' })).status).toBe(400)
})

it('a collector says 500 to who asks for what cannot be made, and goes on', async () => {
  const collector = await startCollector(undefined, {
    answer: () => {
      throw new Error('no summary of this')
    },
  })
  onTestFinished(() => collector.close())
  const uncaught = await uncaughtDuring(async () => {
    const answer = await fetch(`${collector.url}summary.md`)
    expect([answer.status, await answer.text()]).toEqual([500, 'no summary of this\n'])
  })
  expect(uncaught).toEqual([])
})
