import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lack } from '@headroom/loadtests/wire/lacks.ts'
import { describe, expect, it } from 'vitest'
import { lacksOf } from './lacks.ts'

const population = { seed: 1, organisations: 8, users: 120 }

type Answer = { status: number; body?: object }
const subscribed: Answer = { status: 200, body: { isOn: true, subscription: { plan: 'team' } } }
const unsubscribed: Answer = { status: 200, body: { isOn: true, subscription: null } }
const begunAt = (store: string): Answer => ({
  status: 201,
  body: { file: { id: '00000000-0000-4000-8000-000000000001' }, form: { url: `${store}/files` } },
})
const added: Answer = { status: 201, body: { id: '00000000-0000-4000-8000-000000000002' } }
const conflict: Answer = { status: 409, body: { title: 'conflict' } }

/** Of a target that answers to each in its turn, the last one from then on. */
async function asked(
  {
    billing,
    upload,
    webhook = added,
  }: { billing: Answer[]; upload: Answer | 'here' | 'elsewhere'; webhook?: Answer },
  scenario: 'routes' | 'load' = 'routes',
): Promise<{ lacks: Lack[]; requests: string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const inTurn = () => (billing.length > 1 ? billing.shift() : billing[0])
    const uploaded =
      typeof upload === 'object' ? upload : begunAt(upload === 'here' ? target() : 'http://store.test')
    const other = request.url?.startsWith('/v1/webhooks') ? webhook : uploaded
    const answer = request.url === '/v1/billing' ? inTurn() : other
    response.writeHead(answer?.status ?? 500).end(JSON.stringify(answer?.body ?? {}))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const target = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const lacks = await lacksOf(target(), { scenario, population }, 'a secret of the seed')
    return { lacks, requests }
  } finally {
    server.close().closeAllConnections()
  }
}

describe('a deployment that is asked what it has', () => {
  it('has everything, and keeps no file or webhook of it', async () => {
    const { lacks, requests } = await asked({ billing: [subscribed], upload: 'here' })
    expect(lacks).toEqual([])
    expect(requests.filter((each) => each === 'GET /v1/billing').length).toBeGreaterThan(0)
    expect(requests.slice(-4)).toEqual([
      expect.stringMatching(/^POST \/v1\/tasks\/.*\/uploads$/),
      'DELETE /v1/files/00000000-0000-4000-8000-000000000001',
      'POST /v1/webhooks',
      'DELETE /v1/webhooks/00000000-0000-4000-8000-000000000002',
    ])
  })

  it('is without what it says itself that it is without', async () => {
    const off = { status: 200, body: { isOn: false, subscription: null } }
    expect((await asked({ billing: [off], upload: conflict })).lacks).toEqual(['subscriptions', 'files'])
    expect((await asked({ billing: [unsubscribed], upload: 'here' })).lacks).toEqual(['subscriptions'])
    expect((await asked({ billing: [subscribed], upload: conflict })).lacks).toEqual(['files'])
    const none = { billing: [subscribed], upload: 'here' as const, webhook: conflict }
    expect((await asked(none)).lacks).toEqual(['webhooks'])
  })

  it('is asked everything where it fails, or answers of one what it does not of another: the run finds that', async () => {
    const broken = { status: 500 }
    expect((await asked({ billing: [broken], upload: broken, webhook: broken })).lacks).toEqual([])
    expect((await asked({ billing: [unsubscribed, broken], upload: { status: 403 } })).lacks).toEqual([])
    expect((await asked({ billing: [unsubscribed, subscribed], upload: 'here' })).lacks).toEqual([])
    expect((await asked({ billing: [{ status: 200, body: {} }], upload: 'here' })).lacks).toEqual([])
  })

  it('is asked for files alone where journeys are played', async () => {
    const { lacks, requests } = await asked({ billing: [unsubscribed], upload: conflict }, 'load')
    expect(lacks).toEqual(['files'])
    expect(requests.filter((each) => each.includes('billing'))).toEqual([])
  })

  it('is without files where the store has another address than its own', async () => {
    expect((await asked({ billing: [subscribed], upload: 'elsewhere' })).lacks).toEqual(['files'])
  })
})
