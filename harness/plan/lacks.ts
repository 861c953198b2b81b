import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import { calls, type Owner } from '@headroom/loadtests/journeys/calls.ts'
import { operationSteps, ownerAt } from '@headroom/loadtests/journeys/tour.ts'
import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import { z } from 'zod'
import type { Plan } from './scenarios.ts'
import type { Access } from './target/access.ts'
import { ask } from './target/ask.ts'

/**
 * Asks a deployment for what a seed alone does not give it: subscriptions, of owners of paid organisations, and files
 * and webhooks, by one that is taken back. It is without something only where it says so itself; any other answer is
 * left for the run to find. Journeys need files alone, and the tour all of it.
 */
export async function lacksOf(
  target: string,
  { scenario, population }: Pick<Plan, 'scenario' | 'population'>,
  sessionSecret: string,
  access?: Access,
): Promise<Lack[]> {
  if (scenario === 'journey') return []
  const owner = (organisation: number): Owner => {
    const { firstUser } = organisationAt(population, organisation)
    const cast = { target, population, seed: population.seed, streams: 0 }
    return ownerAt(cast, organisation, () => sessionToken(population, firstUser, sessionSecret))
  }
  const answerOf: Asking = async (who, route) => {
    const [request] = operationSteps.rest[route]?.(who) ?? []
    if (!request) return null
    const { method, path, headers, body } = request
    const init = {
      method,
      headers: { ...headers, cookie: who.cookie },
      redirect: 'manual' as const,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    }
    const read = async () => {
      const response = await ask(target, path, init, access)
      return { status: response.status, text: await response.text() }
    }
    return read().catch(() => null)
  }
  const paying = scenario === 'routes' ? someOf(payingOf(population)).map(owner) : []
  return [
    ...((await hasNoSubscription(paying, answerOf)) ? (['subscriptions'] as const) : []),
    ...((await hasNoFiles(target, owner(0), answerOf)) ? (['files'] as const) : []),
    ...((await hasNoWebhooks(paying[0], answerOf)) ? (['webhooks'] as const) : []),
  ]
}

/** Asks a call of the tour; null where nothing came. */
type Asking = (who: Owner, route: string) => Promise<{ status: number; text: string } | null>

const payingOf = (population: PopulationSpec): number[] =>
  Array.from({ length: population.organisations }, (_, index) => index).filter(
    (index) => organisationAt(population, index).plan !== 'free',
  )

/** The first, one in the middle, and the last. */
const someOf = (all: readonly number[]): number[] => [
  ...new Set([0, Math.floor(all.length / 2), all.length - 1].flatMap((at) => all[at] ?? [])),
]

const Billing = z.object({ isOn: z.boolean(), subscription: z.object({}).nullable() })

/** Where one has a subscription and another has none, it is the target's fault. */
async function hasNoSubscription(owners: readonly Owner[], answerOf: Asking): Promise<boolean> {
  for (const owner of owners) {
    const answer = await answerOf(owner, 'GET /v1/billing')
    if (answer?.status !== 200) return false
    const { success, data } = Billing.safeParse(parsed(answer.text))
    if (!success || (data.isOn && data.subscription !== null)) return false
  }
  return owners.length > 0
}

/** 409: there is no object store. One at another address than the target's is not the target's to be judged. */
async function hasNoFiles(target: string, owner: Owner, answerOf: Asking): Promise<boolean> {
  const answer = await answerOf(owner, 'POST /v1/tasks/:taskId/uploads')
  if (answer?.status !== 201) return answer?.status === 409
  const { success, data } = Made.safeParse(parsed(answer.text))
  // What is not taken back ends by itself.
  if (success) {
    owner.made.uploadId = data.file.id
    await answerOf(owner, 'DELETE /v1/files/:fileId')
  }
  return success && new URL(data.form.url).origin !== new URL(target).origin
}

const Made = z.object({ file: z.object({ id: z.string() }), form: z.object({ url: z.url() }) })

/** 409: there is no key to keep their secrets with. */
async function hasNoWebhooks(owner: Owner | undefined, answerOf: Asking): Promise<boolean> {
  if (!owner) return false
  const answer = await answerOf(owner, 'POST /v1/webhooks')
  if (answer?.status !== 201) return answer?.status === 409
  const { success, data } = Added.safeParse(parsed(answer.text))
  if (success) {
    owner.made.webhookId = data.id
    await answerOf(owner, 'DELETE /v1/webhooks/:webhookId')
  }
  return false
}

const Added = z.object({ id: z.string() })

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The routes of the tour that need something, by both doors, and what they lead to. */
export const routesWithout = (lack: Lack): string[] =>
  calls
    .filter(({ needs }) => needs === lack)
    .flatMap(({ rest, operation, leadsTo }) => [
      rest,
      `trpc ${operation}`,
      ...(leadsTo ? [leadsTo.route] : []),
    ])

const inWords: Record<Lack, string> = {
  subscriptions: 'its organisations have no subscription',
  files: 'it has no object store behind its own origin',
  webhooks: 'it has no key to keep secrets with',
}

/** What a run says of the routes that it left out. */
export const notAsked = (lack: Lack): string =>
  `${routesWithout(lack).join(', ')}: not asked of the target, since ${inWords[lack]}`
