import { organisationAt } from '../../fixtures/population.ts'
import { hash } from '../../fixtures/random.ts'
import { foreignCanary } from '../checks/answer.ts'
import { limits } from '../generated/limits.ts'
import type { App, Request, Step } from '../swarm/app.ts'
import type { Cast } from '../swarm/options.ts'
import { type Call, calls, type Owner } from './calls.ts'
import { type Chain, compile, stepAfter } from './chain.ts'
import { asJson, mutation, navigation, page, query } from './requests.ts'
import { taskId, userOf } from './user.ts'

const publicPages = ['/', '/pricing', '/docs', '/status', '/sign-in', '/sign-up']
const settingsPages = [
  'profile',
  'security',
  'notifications',
  'organisation',
  'members',
  'labels',
  'billing',
  'api-keys',
  'webhooks',
  'audit',
  'exports',
  'imports',
].map((name) => `/settings/${name}`)
/** Each with some text of the tenant's own. */
const ownPages = ['/dashboard', '/tasks']
const pages = [...ownPages, '/search', '/notifications', '/reports', ...settingsPages]
const tenantOf = (name: string) => (ownPages.includes(name) ? true : 'may')

const outside = (name: string, path = name): Request => {
  const { tenant: _, ...request } = page(name, path)
  return { ...request, anonymous: true }
}

const script = /\/_next\/static\/[\w./-]+\.js/

/** Every page, by its address and by a click on a link to it. */
const pageSteps: Record<string, Step<Owner>> = {
  'open /': (user) => [{ ...outside('/'), keep: keeping(user, 'script', (text) => script.exec(text)?.[0]) }],
  'load a script': ({ made: { script } }) =>
    script === undefined ? [] : [{ method: 'GET', route: 'static', path: script, anonymous: true }],
  ...Object.fromEntries(publicPages.slice(1).map((name) => [`open ${name}`, () => [outside(name)]])),
  'open an invitation': () => [outside('/invitations/[token]', '/invitations/not-known-to-anybody')],
  'open unsubscribe': () => [outside('/unsubscribe/[token]', '/unsubscribe/not-known-to-anybody')],
  'open settings': () => [{ ...page('/settings', '/settings'), expect: 307, tenant: 'may' }],
  'go to settings': () => [{ ...navigation('/settings', '/settings'), tenant: 'may' }],
  'open onboarding': () => [{ ...page('/onboarding', '/onboarding'), tenant: 'may' }],
  'go to onboarding': () => [{ ...navigation('/onboarding', '/onboarding'), tenant: 'may' }],
  ...Object.fromEntries(
    pages.flatMap((name) => [
      [`open ${name}`, () => [{ ...page(name, name), tenant: tenantOf(name) }]],
      [`go to ${name}`, () => [{ ...navigation(name, name), tenant: tenantOf(name) }]],
    ]),
  ),
  'open board': ({ board }) => [page('/projects/[projectId]', `/projects/${board.id}`)],
  'go to board': ({ board }) => [navigation('/projects/[projectId]', `/projects/${board.id}`)],
  'open task': (user) => [page('/tasks/[taskId]', `/tasks/${taskId(user)}`)],
  'go to task': (user) => [navigation('/tasks/[taskId]', `/tasks/${taskId(user)}`)],
}

const idIn = (text: string) => /"id":"([0-9a-f-]{36})"/.exec(text)?.[1]

const keeping =
  (user: Owner, name: string, find: (text: string) => string | undefined) =>
  (text: string): boolean => {
    const found = find(text)
    if (found === undefined) return false
    user.made[name] = found
    return true
  }

/** A call's request, and what its answer leads to. */
function asked(user: Owner, { tenant, keep, first, find, leadsTo }: Call, request: Request): Request[] {
  const name = keep ?? first ?? find?.[0]
  if (name === undefined && leadsTo === undefined) return [{ ...request, tenant }]
  const search = find ? (text: string) => find[1](user, text) : idIn
  const requests: Request[] = []
  requests.push({
    ...request,
    tenant,
    keep(text) {
      const isKept = name === undefined || keeping(user, name, search)(text)
      const next = leadsTo?.ask(user, text)
      if (next) requests.push(next)
      return (isKept || keep === undefined) && next !== null
    },
  })
  return requests
}

/** What a call asks, when there is something to ask about. */
export type Asking = (user: Owner) => Request[]

const byTrpc =
  (call: Call): Asking =>
  (user) => {
    const input = call.input(user)
    if (input === null) return []
    const ask = call.rest.startsWith('GET ') ? query : mutation
    return asked(user, call, ask(call.operation, input))
  }

const byRest =
  (call: Call): Asking =>
  (user) => {
    const input = call.input(user)
    if (input === null) return []
    const [method, pattern] = call.rest.split(' ') as [Request['method'], string]
    const rest = { ...input }
    const path = pattern.replace(/:(\w+)/g, (_, field: string) => {
      const value = String(rest[field])
      delete rest[field]
      return value
    })
    const parameters = Object.entries(rest).map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
    )
    const request: Request =
      method === 'GET'
        ? { method, route: call.rest, path: parameters.length > 0 ? `${path}?${parameters.join('&')}` : path }
        : { method, route: call.rest, path, headers: asJson, body: JSON.stringify(rest) }
    // As the API answers: 201 to what is made by that name (app/api/rest.ts).
    return asked(user, call, call.operation.endsWith('.create') ? { ...request, expect: 201 } : request)
  }

/** All operations in an order in which one after the other finds what it needs, by each door. */
export const operationSteps: Record<'rest' | 'trpc', Record<string, Asking>> = {
  rest: Object.fromEntries(calls.map((call) => [call.rest, byRest(call)])),
  trpc: Object.fromEntries(calls.map((call) => [call.operation, byTrpc(call)])),
}

/** Of what the target is without nothing is asked. */
const unlessLacking =
  ({ needs }: Call, asking: Asking): Step<Owner> =>
  (user, { without }) =>
    needs !== undefined && without.includes(needs) ? [] : asking(user)

const steps: Record<string, Step<Owner>> = {
  ...pageSteps,
  ...Object.fromEntries(calls.map((call) => [call.rest, unlessLacking(call, byRest(call))])),
  ...Object.fromEntries(calls.map((call) => [call.operation, unlessLacking(call, byTrpc(call))])),
}

/** A round: after each step the next, and from the last to the first; who arrives begins anywhere. */
const names = Object.keys(steps)
const round: Chain = {
  '': Object.fromEntries(names.map((name) => [name, 1])),
  ...Object.fromEntries(names.map((name, at) => [name, { [names[(at + 1) % names.length] as string]: 1 }])),
}
const chain = compile(round)

const tourStream = 103

/** @param place of a tenant; beyond the last one it is the first one's owner again, on their own */
export function ownerAt(run: Cast, place: number, token: (subject: string) => string): Owner {
  const { firstUser } = organisationAt(run.population, place % run.population.organisations)
  const random = hash(run.seed, tourStream, place)
  return { ...userOf(run, place, firstUser, token), random, made: {} }
}

/** Owners on a tour through everything that Worklane answers. */
export const tour: App<Owner> = {
  userAt: ownerAt,
  next: (user) => stepAfter(chain, user),
  steps,
  limits,
  session: ({ cookie }) => ({ Cookie: cookie, 'Accept-Encoding': 'gzip' }),
  marks: { own: ({ userGroup }) => userGroup.organisation.canary, foreign: foreignCanary },
}
