import { expect, it } from 'vitest'
import { routeNamer } from './routes.ts'

const nameOf = routeNamer({
  '/(workspace)/tasks/[taskId]/page': '/tasks/[taskId]',
  '/(workspace)/tasks/page': '/tasks',
  '/(public)/page': '/',
  '/readyz/route': '/readyz',
  '/v1/[...path]/route': '/v1/[...path]',
})

it.each([
  ['GET', '/', {}, 'page /'],
  ['GET', '/tasks/1', {}, 'page /tasks/[taskId]'],
  ['GET', '/tasks/1', { rsc: '1' }, 'rsc /tasks/[taskId]'],
  ['POST', '/tasks', { 'next-action': 'abc' }, 'action /tasks'],
  ['GET', '/readyz', {}, 'GET /readyz'],
  ['GET', '/wp-login.php', {}, 'page /_not-found'],
  ['GET', '/v1/me', {}, undefined],
])('%s %s is a route of the budgets', (method, path, headers, name) => {
  expect(nameOf(method, path, headers)).toBe(name)
})
