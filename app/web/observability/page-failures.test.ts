import { pageFailures } from '@worklane/api/metrics.ts'
import { beforeEach, expect, it } from 'vitest'
import { countPageFailure } from './page-failures.ts'

const counted = async () =>
  (await pageFailures().get()).values.map(({ value, labels }) => [labels.route, value])

beforeEach(() => pageFailures().reset())

it('a page of which three parts fail has failed once', async () => {
  for (let part = 0; part < 3; part++) countPageFailure('/dashboard', 'error', 'one')
  countPageFailure('/dashboard', 'error', 'another')
  expect(await counted()).toEqual([['/dashboard', 2]])
})

it('without the id of its request nobody knows what belongs together', async () => {
  for (let part = 0; part < 2; part++) countPageFailure('/tasks', 'tooMany', undefined)
  expect(await counted()).toEqual([['/tasks', 2]])
})

it('remembers a request as long as its page can be under way', async () => {
  for (let request = 0; request < 1_002; request++) countPageFailure('/tasks', 'error', `r${request}`)
  countPageFailure('/tasks', 'error', 'r1001')
  countPageFailure('/tasks', 'error', 'r0')
  expect(await counted()).toEqual([['/tasks', 1_003]])
})
