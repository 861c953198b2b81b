import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { organisationAt, organisationOf, userAt } from '@headroom/fixtures/population.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import { execa } from 'execa'
import getPort from 'get-port'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import type { Plan } from '../plan/scenarios.ts'
import { segment } from '../plan/segment.ts'
import { exitCodes } from '../plan/usage.ts'
import { Result } from '../result/result.ts'
import { contentTypeOf } from '../run/testing/content-type.ts'
import { provide } from '../toolchain/provide.ts'
import type { collectorDeployment, kustomization, testRun } from './manifests.ts'
import { writeCluster } from './write.ts'

const sessionSecret = 'a secret = for #tests'
const population = { seed: 1, organisations: 50, users: 2_000 }
const plan: Plan = {
  scenario: 'smoke',
  shape: 'steady',
  shards: 2,
  seed: 1,
  population,
  users: 60,
  think: 400,
  ramp: 500,
  duration: 6_000,
}

/**
 * What k6-operator and a cluster would do with the directory, here: the pods' commands, the environment that the
 * manifests give them and the operator's own start, with loopback in place of a Service.
 */
describe('a directory for a cluster', () => {
  let k6: string
  let base: string
  let directory: string
  let target: Server
  const started: ChildProcess[] = []

  beforeAll(async () => {
    k6 = (await provide(['k6'])).k6.path
    base = await mkdtemp(join(tmpdir(), 'headroom-cluster-'))
    directory = join(base, 'new', 'smoke')
    target = await startTarget()
    const { port } = target.address() as AddressInfo
    await writeCluster({
      directory,
      sessionSecret,
      k6,
      image: 'collector',
      runnerImage: 'grafana/k6:1.8.1',
      order: { target: `http://127.0.0.1:${port}`, revision: 'v1', plan },
    })
  })
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
  })
  afterAll(async () => {
    target.close().closeAllConnections()
    await rm(base, { recursive: true, force: true })
  })

  const read = (file: string) => readFile(join(directory, file), 'utf8')
  const readTestRun = async () => parse(await read('testrun.yaml')) as ReturnType<typeof testRun>

  /** As kustomize makes a Secret of it. */
  async function readSecret(): Promise<Record<string, string>> {
    const { secretGenerator } = parse(await read('kustomization.yaml')) as ReturnType<typeof kustomization>
    const lines = (await read(secretGenerator[0]?.envs[0] ?? '')).trim().split('\n')
    return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]))
  }

  async function startCollector(more: { args?: Record<string, string>; env?: Record<string, string> } = {}) {
    const port = await getPort()
    const [deployment] = parseAllDocuments(await read('collector.yaml')).map((document) => document.toJS())
    const [container] =
      (deployment as ReturnType<typeof collectorDeployment>).spec?.template.spec?.containers ?? []
    const given = (container?.args ?? []).map((arg) => arg.replace('/plan/', `${directory}/`))
    const child = spawn(
      process.execPath,
      [
        'harness/cli/main.ts',
        ...changed(given, { '--host': '127.0.0.1', '--port': String(port), '--grace': '2s', ...more.args }),
      ],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          PATH: process.env.PATH,
          ...(await readSecret()),
          HEADROOM_RESULTS: join(base, 'results'),
          ...more.env,
        },
      },
    )
    started.push(child)
    const url = `http://127.0.0.1:${port}/`
    const get = (path: string) => fetch(url + path)
    await expect
      .poll(() =>
        get('healthz').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
    return {
      url,
      get,
      ready: () => expect.poll(() => get('readyz').then(({ status }) => status)).toBe(200),
      async verdict() {
        await expect
          .poll(() => get('result.json').then(({ status }) => status), { timeout: 25_000 })
          .toBe(200)
        return Result.parse(await (await get('result.json')).json())
      },
      async end() {
        const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
        child.kill('SIGTERM')
        return exited
      },
    }
  }

  /** A runner's pod, started by the operator: paused until all of them are there. */
  async function startRunner(index: number, collector: string, env: Record<string, string> = {}) {
    const { spec } = await readTestRun()
    const port = await getPort()
    const own = Object.fromEntries(spec.runner.env.map(({ name, value }) => [name, value]))
    const child = spawn(
      k6,
      [
        ...['run', '--quiet', ...segment(index, spec.parallelism), ...spec.arguments.split(' ')],
        ...[join(directory, spec.script.configMap.file), `--address=127.0.0.1:${port}`, '--paused'],
        ...['--tag', `instance_id=${index + 1}`],
      ],
      {
        stdio: 'ignore',
        env: {
          PATH: process.env.PATH,
          ...own,
          ...(await readSecret()),
          HEADROOM_COLLECTOR: collector,
          ...env,
        },
      },
    )
    started.push(child)
    const status = `http://127.0.0.1:${port}/v1/status`
    await expect
      .poll(() =>
        fetch(status).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true)
    const body = JSON.stringify({ data: { attributes: { paused: false }, id: 'default', type: 'status' } })
    return { child, unpause: () => fetch(status, { method: 'PATCH', body }) }
  }

  async function play(collector: string, env: Record<string, string> = {}) {
    const runners = [await startRunner(0, collector, env), await startRunner(1, collector, env)]
    for (const { unpause } of runners) expect((await unpause()).status).toBe(200)
    return runners.map(({ child }) => child)
  }

  it('is whole, names what is in it, and keeps its secrets to itself', async () => {
    const { resources, configMapGenerator, secretGenerator } = parse(await read('kustomization.yaml'))
    const named = [
      ...resources,
      ...configMapGenerator.flatMap(({ files }: { files: string[] }) => files),
      ...secretGenerator.flatMap(({ envs }: { envs: string[] }) => envs),
    ]
    const beside = ['kustomization.yaml', 'README.md', '.gitignore']
    expect((await readdir(directory)).sort()).toEqual([...named, ...beside].sort())
    expect(await readdir(join(base, 'new'))).toEqual(['smoke'])
    expect((await stat(join(directory, 'secret.env'))).mode & 0o777).toBe(0o600)
    expect((await read('.gitignore')).split('\n')).toContain('secret.env')
    const { HEADROOM_SESSION_SECRET: written, HEADROOM_COLLECTOR_TOKEN: token = '' } = await readSecret()
    expect(written).toBe(sessionSecret)
    expect(token.length).toBeGreaterThan(40)
    for (const file of named.filter((name) => name !== 'secret.env')) {
      expect(await read(file)).not.toContain(sessionSecret)
      expect(await read(file)).not.toContain(token)
    }
  })

  it('holds a scenario that the initializer accepts, with a VU for each runner', async () => {
    const { spec } = await readTestRun()
    const archive = join(base, 'archived.tar')
    // --no-usage-report is none of `k6 archive`'s flags, and the operator leaves it out.
    const flags = spec.arguments.split(' ').filter((flag) => flag !== '--no-usage-report')
    await execa(k6, ['archive', join(directory, spec.script.configMap.file), '-O', archive, ...flags])
    const { stdout } = await execa(k6, ['inspect', '--execution-requirements', archive])
    expect(JSON.parse(stdout)).toMatchObject({ maxVUs: 2, thresholds: {}, batchPerHost: 30 })
  })

  it('is played by two runners, judged by one collector, and both are in the verdict', async () => {
    const collector = await startCollector()
    await collector.ready()
    const early = await collector.get('result.json')
    expect([early.status, (await problemOf(early)).title]).toEqual([409, 'not finished'])
    const runners = await play(collector.url)
    const result = await collector.verdict()
    // So few requests say little of rare routes, and a busy machine may be late; but nothing was lost.
    expect(result.reasons.join('\n')).not.toMatch(/VUs|messages|were active|shards|k6/)
    expect(result).toMatchObject({ revision: 'v1', workload: { users: 60, shards: 2 } })
    expect(result.generator).toMatchObject({ activeUsers: 60, cpuMsPerRequest: null, peakRssBytes: null })
    expect(result.totals.probes).toBeGreaterThan(result.totals.requests / 2)
    expect(await (await collector.get('summary.md')).text()).toContain(`# smoke: ${result.verdict}`)
    // It would swallow another run.
    expect((await collector.get('readyz')).status).toBe(503)
    await expect.poll(() => runners.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect(await collector.end()).toBe(exitCodes[result.verdict])
    const written = await readFile(join(base, 'results', result.run, 'result.json'), 'utf8')
    expect(Result.parse(JSON.parse(written))).toEqual(result)
  }, 60_000)

  it('is invalid when a runner dies', async () => {
    const collector = await startCollector()
    await collector.ready()
    const [, second] = await play(collector.url)
    setTimeout(() => second?.kill('SIGKILL'), 3_000)
    const result = await collector.verdict()
    expect(result.verdict).toBe('invalid')
    expect(result.reasons.join('\n')).toMatch(/1 of 2 VUs did not finish/)
    expect(await collector.end()).toBe(2)
  }, 60_000)

  it('is invalid when the runners have another token', async () => {
    const collector = await startCollector({ args: { '--start-within': '6s' } })
    await collector.ready()
    await play(collector.url, { HEADROOM_COLLECTOR_TOKEN: 'a guess' })
    const { verdict, reasons } = await collector.verdict()
    expect(verdict).toBe('invalid')
    expect(reasons.join('\n')).toMatch(/messages of the generator were refused/)
    expect(reasons.join('\n')).toMatch(/no message came within 6 s/)
  }, 60_000)

  it('is invalid, and never ready, when the target holds another population', async () => {
    const collector = await startCollector({ env: { HEADROOM_SESSION_SECRET: 'of another seed' } })
    const { verdict, reasons } = await collector.verdict()
    expect([verdict, ...reasons]).toEqual(['invalid', expect.stringMatching(/does not know user 0 of 50/)])
    const ready = await collector.get('readyz')
    expect([ready.status, (await problemOf(ready)).detail]).toEqual([
      503,
      expect.stringMatching(/does not know user 0/),
    ])
    expect(await collector.end()).toBe(2)
  })

  it('is invalid when the collector is ended before the run', async () => {
    const collector = await startCollector()
    await collector.ready()
    expect(await collector.end()).toBe(2)
  })
})

const problemOf = (response: Response) => response.json() as Promise<{ title: string; detail: string }>

/** Arguments with other values of some options: none may be given twice. */
const changed = (given: readonly string[], values: Record<string, string>): string[] => [
  ...given.filter((arg, place) => !(arg in values) && !((given[place - 1] ?? '') in values)),
  ...Object.entries(values).flat(),
]

/** Worklane, as far as a load test can tell: it knows the population, and shows people their tenant's text. */
async function startTarget(): Promise<Server> {
  const people = new Map(
    Array.from({ length: population.users }, (_, index) => {
      const { canary } = organisationAt(population, organisationOf(population, index))
      const me = { user: { id: userAt(population, index).id }, organisation: { canary } }
      return [sessionToken(population, index, sessionSecret), JSON.stringify(me)]
    }),
  )
  const server = createServer((request, response) => {
    const me = people.get(/session-token=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
    const made = request.method === 'POST' && request.url?.startsWith('/v1/')
    response.writeHead(me ? (made ? 201 : 200) : 401, { 'content-type': contentTypeOf(request) }).end(me)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
