import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execa } from 'execa'
import { afterEach, describe, expect, it } from 'vitest'
import { startCollector } from '../../harness/collect/collector.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { percentile } from '../wire/histogram.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** The swarm in a real k6 against a real server, and what the collector has of it in the end. */
describe('the swarm', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections()
  })

  async function serve(answer: Answer): Promise<string> {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function play(
    target: string,
    options: {
      users: number
      think: number
      duration: number
      seed?: number
      streams?: number
      scenario?: string
    },
  ) {
    const { k6 } = await provide(['k6'])
    const collector = await startCollector()
    const { exitCode, stderr } = await execa(
      k6.path,
      [
        'run',
        '--quiet',
        '--summary-mode=disabled',
        '--address',
        '',
        `loadtests/scenarios/${options.scenario ?? 'smoke'}.ts`,
      ],
      {
        reject: false,
        env: {
          HEADROOM_TARGET: target,
          HEADROOM_SESSION_SECRET: 'a secret for tests',
          HEADROOM_COLLECTOR: collector.url,
          HEADROOM_RAMP: '500',
          HEADROOM_SCAN: String(options.scan ?? 0),
          HEADROOM_STREAMS: String(options.streams ?? 0),
          HEADROOM_USERS: String(options.users),
          HEADROOM_THINK: String(options.think),
          HEADROOM_DURATION: String(options.duration),
          HEADROOM_SEED: String(options.seed ?? 1),
        },
      },
    )
    await collector.close()
    expect([exitCode, stderr.includes('level=error')]).toEqual([0, false])
    return collector.collected
  }

  const ok = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'text/plain' }).end('fine')

  it('never sends one user the cookies of another', async () => {
    const seen = new Set<string>()
    const mixed: string[] = []
    const target = await serve((request, response) => {
      const { cookie = '' } = request.headers
      seen.add(cookie)
      if (cookie.split(';').length !== 1) mixed.push(cookie)
      // A server that marks everyone it meets.
      response.setHeader('set-cookie', `mark=${seen.size}; Path=/`)
      ok(response)
    })
    await play(target, { users: 40, think: 200, duration: 3_000 })
    expect(seen.size).toBe(40)
    expect(mixed).toEqual([])
  })

  it('counts a stall of the server for everyone who was due in it, not only for those who were sent', async () => {
    const stallAt = Date.now() + 4_500
    const stall = 1_500
    let inFlight = 0
    let mostInFlight = 0
    const target = await serve((_, response) => {
      inFlight++
      mostInFlight = Math.max(mostInFlight, inFlight)
      const rest = Date.now() >= stallAt && Date.now() < stallAt + stall ? stallAt + stall - Date.now() : 0
      setTimeout(() => {
        inFlight--
        ok(response)
      }, rest)
    })
    // 300 steps a second for about 6 s: those due in the stall are far more than the connections.
    const { routes } = await play(target, { users: 600, think: 2_000, duration: 6_000 })
    const all = new Map<number, number>()
    for (const { latency } of routes.get('steady')?.values() ?? []) {
      for (const [bucket, n] of latency) all.set(bucket, (all.get(bucket) ?? 0) + n)
    }
    // A generator that counts from sending would have seen as many slow answers as it has connections.
    const slow = [...all].filter(([bucket]) => bucket > Math.ceil(Math.log(200) / Math.log(1.01 / 0.99)))
    const counted = slow.reduce((sum, [, n]) => sum + n, 0)
    expect(mostInFlight).toBeLessThanOrEqual(64)
    expect(counted).toBeGreaterThan(2 * mostInFlight)
    expect(percentile(all, 0.99)).toBeGreaterThan(800)
  })

  it('keeps everyone active and posts everything it saw', async () => {
    let requests = 0
    const target = await serve((_, response) => {
      requests++
      ok(response)
    })
    const { routes, vus } = await play(target, { users: 100, think: 500, duration: 3_000 })
    let counted = 0
    for (const phase of routes.values()) {
      for (const { latency } of phase.values()) for (const n of latency.values()) counted += n
    }
    expect(counted).toBe(requests)
    expect([...vus.values()].map(({ activeUsers, final }) => [activeUsers, final])).toEqual([[100, true]])
  })

  it('holds the live updates of a share of users open, and comes back when the server ends them', async () => {
    let open = 0
    let most = 0
    let begun = 0
    const target = await serve((request, response) => {
      if (!request.url?.endsWith('/events')) return void ok(response)
      begun++
      most = Math.max(most, ++open)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: open\ndata: {}\n\n')
      response.on('close', () => open--)
      setTimeout(() => response.end(), 700)
    })
    const { routes } = await play(target, { users: 40, think: 200, duration: 6_000, streams: 0.5 })
    const events = routes.get('steady')?.get('GET /v1/projects/:projectId/events')
    expect(most).toBeGreaterThan(10)
    expect(most).toBeLessThanOrEqual(30)
    expect(begun).toBeGreaterThan(most)
    expect(percentile(events?.ttfb ?? new Map(), 0.95)).toBeLessThan(200)
    expect(events?.errors.size).toBe(0)
  })

  it('sees another tenant in a body, in a React payload and in a header', async () => {
    const foreign = `cnr-${'0'.repeat(20)}`
    const target = await serve((request, response) => {
      const isPayload = request.headers.rsc === '1'
      if (request.url?.startsWith('/trpc')) response.setHeader('x-hint', foreign)
      response.writeHead(200).end(isPayload || request.url?.startsWith('/v1') ? `1:["${foreign}"]` : 'fine')
    })
    const { leaks, routes } = await play(target, { users: 40, think: 200, duration: 3_000, scan: 1 })
    expect(leaks.every(({ canary }) => canary === foreign)).toBe(true)
    const found = [...(routes.get('steady') ?? [])].filter(([, { errors }]) => errors.has('leak'))
    const doors = new Set(found.map(([route]) => route.split(' ')[0]))
    expect(doors).toEqual(new Set(['rsc', 'trpc', 'GET']))
  })

  it('lets users leave when fewer are wanted', async () => {
    const target = await serve((_, response) => ok(response))
    const { vus, routes } = await play(target, { users: 100, think: 200, duration: 6_000, scenario: 'spike' })
    const [vu] = vus.values()
    expect(vu).toMatchObject({ peakUsers: 100, activeUsers: 20, lostUsers: 0 })
    expect([...routes.keys()].filter((phase) => phase !== 'drain')).toEqual([
      ...['ramp', 'before', 'rush', 'spike', 'settling', 'recovery'],
    ])
  })

  it('calls each way to fail by its name', async () => {
    const target = await serve((request, response) => {
      const { url = '' } = request
      if (url.startsWith('/dashboard')) response.writeHead(307, { location: '/sign-in' }).end()
      else if (url.startsWith('/trpc/board')) response.writeHead(503).end()
      else if (url.startsWith('/trpc/task.get')) request.socket.destroy()
      else if (url.startsWith('/v1')) response.writeHead(404).end()
      else ok(response)
    })
    const { routes } = await play(target, { users: 60, think: 300, duration: 4_000 })
    const errorsOf = (route: string) => [...(routes.get('steady')?.get(route)?.errors.keys() ?? [])]
    expect(errorsOf('page /dashboard')).toEqual(['signed-out'])
    expect(errorsOf('trpc board.get')).toEqual(['5xx'])
    expect(errorsOf('trpc task.get')).toEqual(['connection'])
    expect(errorsOf('GET /v1/dashboard')).toEqual(['4xx'])
    expect(errorsOf('page /tasks/[taskId]')).toEqual([])
  })
})
