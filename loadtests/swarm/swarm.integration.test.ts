import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execa } from 'execa'
import { afterAll, describe, expect, it } from 'vitest'
import { lacking, startCollector } from '../../harness/collect/collector.ts'
import { contentTypeOf } from '../../harness/run/testing/content-type.ts'
import { provide } from '../../harness/toolchain/provide.ts'
import { addAll, bucketOf, count, percentile } from '../wire/histogram.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** The swarm in a real k6 against a real server, and what the collector has of it in the end. */
describe('the swarm', () => {
  const servers: Server[] = []
  afterAll(() => {
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
      scan?: number
      ramp?: number
      scenario?: string
      connections?: number
    },
  ) {
    const { k6 } = await provide(['k6'])
    const collector = await startCollector(undefined, { answer: lacking('files') })
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
          HEADROOM_RAMP: String(options.ramp ?? 500),
          HEADROOM_SCAN: String(options.scan ?? 0),
          HEADROOM_STREAMS: String(options.streams ?? 0),
          HEADROOM_USERS: String(options.users),
          HEADROOM_THINK: String(options.think),
          HEADROOM_DURATION: String(options.duration),
          HEADROOM_SEED: String(options.seed ?? 1),
          ...(options.connections ? { HEADROOM_CONNECTIONS: String(options.connections) } : {}),
        },
      },
    )
    await collector.close()
    expect([exitCode, stderr.includes('level=error')]).toEqual([0, false])
    return collector.collected
  }

  const ok = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': contentTypeOf(response.req) }).end('fine')

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
    const connections = 64
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
    const { routes, waits } = await play(target, { users: 600, think: 2_000, duration: 6_000, connections })
    const all = new Map<number, number>()
    for (const { latency } of routes.get('steady')?.values() ?? []) {
      addAll(all, latency)
    }
    // A generator that counts from sending would have seen as many slow answers as it has connections.
    const slow = [...all].filter(([bucket]) => bucket > bucketOf(200))
    const counted = slow.reduce((sum, [, n]) => sum + n, 0)
    expect(mostInFlight).toBeLessThanOrEqual(connections)
    expect(counted).toBeGreaterThan(2 * mostInFlight)
    expect(percentile(all, 0.99)).toBeGreaterThan(800)
    expect(count(waits.get('steady') ?? new Map())).toBeGreaterThan(mostInFlight)
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
      response
        .writeHead(200, { 'content-type': contentTypeOf(request) })
        .end(isPayload || request.url?.startsWith('/v1') ? `1:["${foreign}"]` : 'fine')
    })
    const { leaks, leaked, routes } = await play(target, { users: 40, think: 200, duration: 3_000, scan: 1 })
    expect(leaks.every(({ canary }) => canary === foreign)).toBe(true)
    expect(leaked).toBeGreaterThan(leaks.length)
    const found = [...(routes.get('steady') ?? [])].filter(([, { errors }]) => errors.has('leak'))
    const doors = new Set(found.map(([route]) => route.split(' ')[0]))
    expect(doors).toEqual(new Set(['rsc', 'trpc', 'GET', 'POST']))
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

  // Half a minute each in which nothing happens.
  describe.concurrent('whose answers never come', () => {
    it('waits for what is under way at the end, and calls what never comes a timeout after 30 s', async () => {
      const hangFrom = Date.now() + 5_000
      let hung = 0
      const target = await serve((_, response) => {
        if (Date.now() < hangFrom) ok(response)
        else hung++
      })
      const { routes, vus } = await play(target, { users: 30, think: 300, duration: 6_000 })
      const steady = [...(routes.get('steady')?.values() ?? [])]
      const timeouts = steady.reduce((sum, { errors }) => sum + (errors.get('timeout') ?? 0), 0)
      expect(hung).toBe(30)
      expect(timeouts).toBe(30)
      const slowest = Math.max(...steady.map(({ latency }) => percentile(latency, 1)))
      expect(slowest).toBeGreaterThan(29_500)
      expect(slowest).toBeLessThan(31_500)
      expect([...vus.values()].map(({ final, lostUsers }) => [final, lostUsers])).toEqual([[true, 0]])
    }, 80_000)

    it('calls it a failure of the judged time when somebody waits through it, and was due before', async () => {
      const stuck = new Set<string>()
      const target = await serve((request, response) => {
        const { cookie = '' } = request.headers
        // The first who ask, while users still come, are never answered.
        if (stuck.size < 5) stuck.add(cookie)
        if (!stuck.has(cookie)) ok(response)
      })
      const { routes } = await play(target, { users: 20, think: 200, duration: 4_000, ramp: 4_000 })
      const timeoutsIn = (phase: string) =>
        [...(routes.get(phase)?.values() ?? [])].reduce(
          (sum, { errors }) => sum + (errors.get('timeout') ?? 0),
          0,
        )
      expect(stuck.size).toBe(5)
      expect([timeoutsIn('ramp'), timeoutsIn('steady')]).toEqual([0, 5])
    }, 80_000)
  })

  it('plays everyone who does not think at all', async () => {
    const seen = new Set<string>()
    const target = await serve((request, response) => {
      seen.add(request.headers.cookie ?? '')
      setTimeout(() => ok(response), 20)
    })
    const { vus } = await play(target, { users: 5, think: 0, duration: 2_000, ramp: 1_000 })
    expect(seen.size).toBe(5)
    expect([...vus.values()].map(({ peakUsers, activeUsers }) => [peakUsers, activeUsers])).toEqual([[5, 5]])
  })

  it.each([5, 60])(
    'is not late by itself, however slow the answers of a target are: %d users',
    async (users) => {
      const target = await serve((_, response) => void setTimeout(() => ok(response), 300))
      const { lag } = await play(target, { users, think: 300, duration: 5_000 })
      expect(percentile(lag.get('steady') ?? new Map(), 0.5)).toBeLessThan(10)
    },
  )

  it('tells of a latency what the clock knows of it', async () => {
    const target = await serve((_, response) => void setTimeout(() => ok(response), 40))
    const { flow } = await play(target, { users: 30, think: 500, duration: 4_000 })
    const { ended = 0, told = 0, clock = 0 } = flow.get('steady') ?? {}
    expect(ended).toBeGreaterThan(100)
    expect(told).toBeLessThanOrEqual(clock + ended)
    expect(told).toBeGreaterThan(clock * 0.8)
  })

  it('finds another tenant in an answer whatever its status is, and needs the own text only in a good one', async () => {
    const foreign = `cnr-${'0'.repeat(20)}`
    const target = await serve((request, response) =>
      response.writeHead(500, { 'content-type': contentTypeOf(request) }).end(`no such row: ${foreign}`),
    )
    const { leaked, probes, routes } = await play(target, { users: 20, think: 300, duration: 3_000, scan: 1 })
    const classes = new Set(
      [...(routes.get('steady')?.values() ?? [])].flatMap(({ errors }) => [...errors.keys()]),
    )
    expect(leaked).toBeGreaterThan(40)
    expect(probes).toBe(0)
    expect(classes).toContain('leak')
  })

  it('is not content with a good status: the answer is there, is of its type, and is what its encoding says', async () => {
    const target = await serve((request, response) => {
      const { url = '' } = request
      if (url.startsWith('/trpc/task.get'))
        response.writeHead(200, { 'content-type': 'application/json' }).end()
      else if (url.startsWith('/trpc'))
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')
      else if (url.startsWith('/v1'))
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end('this is no gzip')
      else
        response
          .writeHead(200, { 'content-type': contentTypeOf(request) })
          .end('<h1>Something went wrong</h1>')
    })
    const { routes, examples } = await play(target, { users: 60, think: 300, duration: 4_000, scan: 1 })
    for (const [route, { errors, latency }] of routes.get('steady') ?? [])
      if (!route.startsWith('rsc'))
        expect([route, errors.get('wrong-content')]).toEqual([route, count(latency)])
    const why = (route: string) => examples.find((each) => each.route === route)?.why
    expect(why('trpc task.get')).toBe('the answer is empty')
    expect(why('trpc board.get')).toBe('the content type is text/html, wanted application/json')
    expect(why('GET /v1/dashboard')).toMatch(/gzip: invalid header/)
    expect(why('page /dashboard')).toMatch(/error page: <h1>Something went wrong/)
  })

  it('calls each way to fail by its name', async () => {
    const target = await serve((request, response) => {
      const { url = '' } = request
      if (url.startsWith('/dashboard')) response.writeHead(307, { location: '/sign-in' }).end()
      else if (url.startsWith('/trpc/board')) response.writeHead(503).end('busy')
      else if (url.startsWith('/trpc/task.get')) request.socket.destroy()
      else if (url.startsWith('/v1')) response.writeHead(404).end()
      else ok(response)
    })
    const { routes, examples } = await play(target, { users: 60, think: 300, duration: 4_000, scan: 1 })
    const errorsOf = (route: string) => [...(routes.get('steady')?.get(route)?.errors.keys() ?? [])]
    expect(errorsOf('page /dashboard')).toEqual(['signed-out'])
    expect(errorsOf('trpc board.get')).toEqual(['5xx'])
    expect(errorsOf('trpc task.get')).toEqual(['connection'])
    expect(errorsOf('GET /v1/dashboard')).toEqual(['4xx'])
    expect(examples.find(({ route }) => route === 'trpc board.get')).toMatchObject({
      class: '5xx',
      status: 503,
      why: 'status 503',
      body: 'busy',
      request: expect.stringMatching(/^GET \/trpc\/board\.get\?input=/),
    })
    expect(examples.find(({ route }) => route === 'trpc task.get')?.why).toMatch(/EOF|reset/)
  })

  it('calls a refused connection one, and no timeout', async () => {
    const target = await serve((_, response) => ok(response))
    for (const server of servers.splice(0)) server.close()
    const { routes } = await play(target, { users: 20, think: 300, duration: 3_000, streams: 1 })
    const steady = [...(routes.get('steady') ?? [])]
    expect(new Set(steady.flatMap(([, { errors }]) => [...errors.keys()]))).toEqual(new Set(['connection']))
    expect(steady.map(([route]) => route)).toContain('GET /v1/projects/:projectId/events')
  })
})
