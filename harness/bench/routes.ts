import { projectIdAt, taskIdAt, userAt } from '@headroom/fixtures/population.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import autocannon from 'autocannon'
import { plainTable } from '../result/table.ts'
import { amount, time } from '../result/words.ts'
import { startStack } from '../stack/stack.ts'

const population = { seed: 1, organisations: 20, users: 600 }
const connections = 8

type Route = { route: string; path: string; headers?: Record<string, string>; anonymous?: true }

/** Reads that people make most, by every door. */
function routes(): Route[] {
  const owner = userAt(population, 0)
  const project = projectIdAt(population, owner.organisation, 0)
  const task = taskIdAt(population, owner.organisation, 0, 0)
  const input = (value: object) => encodeURIComponent(JSON.stringify(value))
  return [
    // Who is signed in is led away from it.
    { route: 'page /', path: '/', anonymous: true },
    { route: 'page /dashboard', path: '/dashboard' },
    { route: 'rsc /dashboard', path: '/dashboard?_rsc', headers: { RSC: '1' } },
    { route: 'page /projects/[projectId]', path: `/projects/${project}` },
    { route: 'rsc /projects/[projectId]', path: `/projects/${project}?_rsc`, headers: { RSC: '1' } },
    { route: 'page /tasks/[taskId]', path: `/tasks/${task}` },
    { route: 'GET /v1/me', path: '/v1/me' },
    { route: 'GET /v1/projects', path: '/v1/projects' },
    { route: 'GET /v1/dashboard', path: '/v1/dashboard' },
    { route: 'GET /v1/projects/:projectId/tasks', path: `/v1/projects/${project}/tasks?limit=20` },
    { route: 'trpc board.get', path: `/trpc/board.get?input=${input({ projectId: project })}` },
    { route: 'trpc task.get', path: `/trpc/task.get?input=${input({ taskId: task })}` },
  ]
}

/**
 * The closed-loop ceiling of single routes: a few connections that ask again at once. It says how dear a route is
 * against another, not how many people it carries: nobody asks like that.
 * @throws Error when a route does not answer with a 2xx
 */
export async function benchRoutes(seconds: number, say: (line: string) => void): Promise<void> {
  const stack = await startStack({ population, say, env: { RATE_LIMIT_SCALE: '100000' } })
  try {
    const cookie = `authjs.session-token=${sessionToken(population, 0, stack.sessionSecret)}`
    const table = plainTable(
      ['route', 'requests/s', 'p50', 'p99', 'CPU a request', 'KB'],
      ['left', 'right', 'right', 'right', 'right', 'right'],
    )
    for (const { route, path, headers, anonymous } of routes()) {
      const ask = (duration: number) =>
        autocannon({
          url: `${stack.origin}${path}`,
          headers: { 'accept-encoding': 'gzip', ...(anonymous ? {} : { cookie }), ...headers },
          connections,
          duration,
        })
      await ask(2)
      const before = await cpuOf(stack)
      const { requests, latency, throughput, errors, non2xx, timeouts } = await ask(seconds)
      if (errors + non2xx + timeouts > 0 || requests.total === 0)
        throw new Error(`${route} answered with ${non2xx} refusals, ${errors} errors, ${timeouts} timeouts`)
      const cpu = (((await cpuOf(stack)) - before) * 1_000) / requests.total
      table.push([
        ...[route, amount(Math.round(requests.average)), time(latency.p50), time(latency.p99)],
        ...[`${cpu.toFixed(2)} ms`, (throughput.total / requests.total / 1_024).toFixed(1)],
      ])
      say(`${route} done`)
    }
    say('')
    say(table.toString())
    say(
      `\n  ${connections} connections that never think, ${seconds} s each; CPU is that of all parts together`,
    )
  } finally {
    await stack.stop()
  }
}

const cpuOf = async (stack: Awaited<ReturnType<typeof startStack>>): Promise<number> =>
  Object.values(await stack.usage()).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
