import { expect, it } from 'vitest'
import { pathPattern } from './path-pattern.ts'

it.each([
  ['/', '/', true],
  ['/', '/tasks', false],
  ['/tasks', '/tasks/', true],
  ['/tasks', '/tasks/1', false],
  ['/tasks/[taskId]', '/tasks/1', true],
  ['/tasks/[taskId]', '/tasks/1/2', false],
  ['/v1/[...path]', '/v1/tasks/1', true],
  ['/openapi.json', '/openapiXjson', false],
])('%s and %s: %s', (page, path, fits) => {
  expect(new RegExp(pathPattern(page)).test(path)).toBe(fits)
})
