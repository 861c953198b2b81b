import { expect, it } from 'vitest'
import { inPairs } from './pairs.ts'

it('turns the order from pair to pair, and keeps each figure with its own', async () => {
  const order: string[] = []
  const figure = (name: string, values: number[]) => async () => {
    order.push(name)
    return values.shift() ?? 0
  }
  const found = await inPairs(3, [figure('a', [1, 2, 3]), figure('b', [2, 2, 2])])
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b'])
  expect(found).toEqual({ first: [1, 2, 3], second: [2, 2, 2], ratios: [0.5, 1, 1.5] })
})
