import { describe, expect, it } from 'vitest'
import { Queue } from './queue.ts'

describe('the queue for connections', () => {
  it('gives back in the order of coming, however many came and went', () => {
    const queue = new Queue<number>()
    const taken: number[] = []
    for (let n = 0; n < 10_000; n++) {
      queue.push(n)
      if (n % 3 > 0) taken.push(queue.shift() as number)
    }
    expect(queue.length).toBe(10_000 - taken.length)
    expect(queue.first).toBe(taken.length)
    while (queue.length > 0) taken.push(queue.shift() as number)
    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
    expect([queue.shift(), queue.first]).toEqual([undefined, undefined])
  })
})
