import { join } from 'node:path'
import type { PopulationSpec } from '@headroom/fixtures/population.ts'
import { median } from '@headroom/perf-budgets/gate/statistics.ts'
import { appCosts, intake } from '@headroom/perf-budgets/slo.ts'
import { sessionToken } from '@headroom/seed/rows.ts'
import { execa } from 'execa'
import pc from 'picocolors'
import { z } from 'zod'
import { measureAlone } from '../lighthouse/quiet.ts'
import { project } from '../project.ts'
import { plainTable } from '../result/table.ts'
import { startStack } from '../stack/stack.ts'
import { hotRead, hotReadCost } from './hot-read.ts'
import { intakeTimes, inWords, webhookSecret } from './intake.ts'
import type { Pairs } from './pairs.ts'
import { tenantReadTime } from './tenant-read.ts'

const population: PopulationSpec = { seed: 1, organisations: 8, users: 400 }

const webhooks = 400

/**
 * What Worklane's own building blocks cost, each against the plainer way to do the same, measured side by side;
 * and what each operation asks of the database.
 * @returns whether each ratio keeps its limit
 */
export async function benchApp(pairs: number, say: (line: string) => void): Promise<boolean> {
  const release = await measureAlone(join(project, '.headroom/measuring'))
  const env = { RATE_LIMIT_SCALE: '100000', API_IN_WEB: '1', STRIPE_WEBHOOK_SECRETS: webhookSecret }
  const stack = await startStack({
    population,
    env,
    parts: ['postgres', 'redis', 'store', 'api', 'web'],
    say,
  }).catch(async (error: unknown) => {
    await release()
    throw error
  })
  try {
    const token = sessionToken(population, 0, stack.sessionSecret)
    say(`GET ${hotRead}: the API's own process and Next in turn, ${pairs} times …`)
    const hot = await hotReadCost(stack, `authjs.session-token=${token}`, pairs)
    say(`a tenant's read: with row-level security and without in turn, ${pairs} times …`)
    const secured = await tenantReadTime(stack.env, population, pairs)
    say(`POST /webhooks/stripe, ${webhooks} times …`)
    const taken = await intakeTimes(stack, webhooks)
    say('the queries of every operation …')
    const costs = await operationCosts(stack.env)

    const ratios = [
      {
        what: `GET ${hotRead}, kept in Redis: the API's process against a Next route handler`,
        unit: 'ms CPU a request',
        pairs: hot,
        limit: appCosts.hotReadShare,
      },
      {
        what: 'a tenant’s 25 tasks: with row-level security against without',
        unit: 'ms a read',
        pairs: secured,
        limit: appCosts.tenantReadRatio,
      },
    ]
    console.log(`\n${costTable(costs)}\n\n${ratioTable(ratios)}`)
    const isInTime = taken.p95 <= intake.serverTimeP95
    console.log(
      `\nan event of Stripe is taken in: ${inWords(taken)} (p95 ≤ ${intake.serverTimeP95} ms) ${isInTime ? pc.green('✓') : pc.red('✗')}\n`,
    )
    const growing = costs.filter(({ few, many }) => many.queries > few.queries)
    for (const { name } of growing) console.log(`${pc.red('✗')} ${name} asks more for more rows`)
    return isInTime && growing.length === 0 && ratios.every((each) => median(each.pairs.ratios) <= each.limit)
  } finally {
    await stack.stop()
    await release()
  }
}

const Cost = z.object({ roundTrips: z.number(), queries: z.number() })
const OperationCost = z.object({
  name: z.string(),
  rows: z.object({ few: z.number(), many: z.number() }),
  few: Cost,
  many: Cost,
})
type OperationCost = z.infer<typeof OperationCost>

/** Run as a program of its own: the harness does not read Worklane's code. */
async function operationCosts(env: Record<string, string>): Promise<OperationCost[]> {
  const program = join(project, 'app/api/testing/print-round-trips.ts')
  const { stdout } = await execa(process.execPath, [program], { env, cwd: project })
  return stdout.split('\n').map((line) => OperationCost.parse(JSON.parse(line)))
}

function costTable(costs: OperationCost[]): string {
  const [first] = costs
  const table = plainTable(
    ['operation', 'round trips', 'queries', `with ${first?.rows.many} rows`],
    ['left', 'right', 'right', 'right'],
  )
  for (const { name, few, many } of costs) {
    const same = many.queries === few.queries && many.roundTrips === few.roundTrips
    table.push([
      name,
      few.roundTrips,
      few.queries,
      same ? 'the same' : pc.red(`${many.roundTrips}, ${many.queries}`),
    ])
  }
  return table.toString()
}

function ratioTable(rows: { what: string; unit: string; pairs: Pairs; limit: number }[]): string {
  const table = plainTable(
    ['side by side', 'first', 'second', 'ratio', 'limit', ''],
    ['left', 'right', 'right', 'right', 'right', 'left'],
  )
  const figure = (seconds: number[]) => (median(seconds) * 1000).toFixed(3)
  for (const { what, unit, pairs, limit } of rows) {
    const ratio = median(pairs.ratios)
    const [least, most] = [Math.min(...pairs.ratios), Math.max(...pairs.ratios)]
    table.push([
      what,
      `${figure(pairs.first)} ${unit}`,
      `${figure(pairs.second)} ${unit}`,
      `${ratio.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})`,
      `≤ ${limit.toFixed(2)}`,
      ratio <= limit ? pc.green('✓') : pc.red('✗'),
    ])
  }
  return table.toString()
}
