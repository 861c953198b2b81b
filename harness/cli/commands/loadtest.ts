import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { workloads } from '@headroom/loadtests/wire/workloads.ts'
import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { measureCapacity } from '../../capacity/measure.ts'
import { Result } from '../../judge/result.ts'
import { progressScreen } from '../../report/progress.ts'
import { markdownSummary, terminalSummary } from '../../report/summary.ts'
import { amount, span } from '../../report/words.ts'
import { type Fault, readFault } from '../../run/faults.ts'
import { proveEyes } from '../../run/isolation.ts'
import { run } from '../../run/run.ts'
import { type Plan, populationOf, type ScenarioName, scenarioNames } from '../../run/scenarios.ts'
import { onSite, type Play } from '../../run/site.ts'
import { project } from '../../stack/project.ts'
import type { Stack } from '../../stack/stack.ts'
import { provide } from '../../toolchain/provide.ts'
import { duration, oneOf, wholeNumber } from '../options.ts'
import { exitCodes, UsageError } from '../usage.ts'

type Options = {
  users?: number
  think?: number
  ramp?: number
  duration?: number
  organisations?: number
  population?: number
  seed: number
  shards: number
  target?: string
  port?: number
  web?: number
  api?: number
  fault: string[]
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('loadtest')
    .description('plays users against Worklane and says whether it keeps its promises')
    .argument('[scenario]', scenarioNames.join(' or '), 'load')
    .option('--users <n>', 'concurrent users', wholeNumber(1, 10_000_000))
    .option('--think <time>', 'mean think time between two steps, such as 60s', duration)
    .option('--ramp <time>', 'how long the users take to arrive', duration)
    .option('--duration <time>', 'how long the judged phase is', duration)
    .option('--organisations <n>', 'tenants of the population', wholeNumber(1, 100_000))
    .option('--population <n>', 'users of the population', wholeNumber(3, 10_000_000))
    .option('--seed <n>', 'plays and makes other users', wholeNumber(0, 2 ** 31), defaultPopulation.seed)
    .option('--shards <n>', 'k6 processes, each of which plays an equal part', wholeNumber(1, 64), 1)
    .option('--target <url>', 'a deployment to test; nothing is started here')
    .option('--port <n>', "the edge's port, when the stack is started here", wholeNumber(1, 65_535))
    .option('--web <n>', 'web processes behind the edge', wholeNumber(1, 64))
    .option('--api <n>', 'API processes behind the edge', wholeNumber(1, 64))
    .addOption(
      new Option('--fault <fault>', 'breaks something on purpose, to see the run go red')
        .argParser(collect)
        .default([]),
    )
    .option('--json', 'print the result as JSON and nothing else')
    .addHelpText('after', '\nExit codes: 0 pass, 1 fail, 2 invalid, 64 wrong use.')
    .action((scenario: string, options: Options) =>
      loadtest(oneOf('scenario', scenario, scenarioNames), options),
    )
}

const collect = (text: string, before: string[]) => [...before, text]

async function loadtest(scenario: ScenarioName, options: Options): Promise<void> {
  const plan = planOf(scenario, options)
  const faults = options.fault.map(readFault)
  const target = options.target === undefined ? null : await reachable(options.target)
  if (target && faults.some(({ kind }) => kind !== 'starve-generator')) {
    throw new UsageError('--fault cannot break a deployment that is not ours', 'leave out --target')
  }
  const say = (line: string) =>
    void (options.json ? process.stderr : process.stdout).write(`  ${pc.dim(line)}\n`)
  if (!options.json) console.log(`${pc.bold('headroom')} ${scenario}  ${pc.dim(inWords(plan))}`)
  // All at once: building k6 takes a while, and the others need not wait for it.
  const { k6 } = await provide(target ? ['k6'] : ['k6', 'redis', 'nginx', 'prometheus'], say)
  const screen = progressScreen(options.json ? process.stderr : process.stdout)
  const processes = { web: options.web ?? 1, api: options.api ?? 1 }
  const site = { target, processes, port: options.port, say }

  const play: Play = async (on, played, more = {}) => {
    const id = `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${played.scenario}`
    const { faults: ofRun = [], faultTexts = [], doubts = [] } = more
    const result = await run({
      ...{ id, plan: played, k6: k6.path, faults: ofRun, faultTexts, doubts },
      ...{ stack: on.stack, target: on.origin, sessionSecret: on.sessionSecret, onProgress: screen.show },
    })
    screen.end()
    return result
  }
  const tell = async (result: Result) => {
    const directory = await write(result)
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    else console.log(terminalSummary(result, relative(process.cwd(), directory)))
    process.exitCode = exitCodes[result.verdict]
  }

  const doubts =
    scenario === 'isolation' && !target
      ? await proveEyes(plan, (faulty, use) => onSite({ ...site, plan, faults: faulty }, use), play, say)
      : []
  if (scenario === 'isolation' && target)
    say('no leak can be seeded into a deployment that is not ours: what looks for them is not proved here')
  await onSite({ ...site, plan, faults }, async (on) => {
    checkParts(faults, on.stack)
    say(`worklane is up at ${on.origin}`)
    await tell(
      scenario === 'capacity'
        ? await measureCapacity(plan, (played) => play(on, played), say)
        : await play(on, plan, { faults, faultTexts: options.fault, doubts }),
    )
  })
}

/** A part that a fault names must be there. @throws UsageError */
function checkParts(faults: readonly Fault[], stack: Stack | null): void {
  const names = stack?.parts.map(({ name }) => name) ?? []
  for (const fault of faults) {
    if ('part' in fault && !names.includes(fault.part))
      throw new UsageError(
        `--fault names ${fault.part}, which is not there`,
        `the parts are ${names.join(', ')}`,
      )
  }
}

function planOf(scenario: ScenarioName, options: Options): Plan {
  const { shape, ...defaults } = workloads[scenario]
  const usual = populationOf(scenario)
  const plan = {
    ...{ scenario, shape, shards: options.shards },
    users: options.users ?? defaults.users,
    think: options.think ?? defaults.think,
    ramp: options.ramp ?? defaults.ramp,
    duration: options.duration ?? defaults.duration,
    seed: options.seed,
    population: {
      seed: options.seed,
      organisations: options.organisations ?? usual.organisations,
      users: options.population ?? usual.users,
    },
  }
  if (plan.users > plan.population.users) {
    throw new UsageError(
      `--users ${plan.users} is more than the population of ${plan.population.users} has`,
      `give a larger population with --population ${plan.users}`,
    )
  }
  if (plan.users < plan.shards)
    throw new UsageError(`--shards ${plan.shards} is more than there are users`, 'give at most one a user')
  if (plan.population.users < 3 * plan.population.organisations) {
    throw new UsageError(
      `--population ${plan.population.users} is too few for ${plan.population.organisations} organisations`,
      'each has at least 3 users; lower --organisations',
    )
  }
  if (plan.duration < 5_000)
    throw new UsageError('--duration is too short to judge anything', 'give at least 5s')
  return plan
}

/** @throws UsageError unless the address is one and answers */
async function reachable(target: string): Promise<{ origin: string; sessionSecret: string }> {
  const url = URL.canParse(target) ? new URL(target) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`--target ${target} is no URL`, 'give an origin such as https://staging.example.com')
  }
  const sessionSecret = process.env.HEADROOM_SESSION_SECRET
  if (!sessionSecret) {
    throw new UsageError(
      'HEADROOM_SESSION_SECRET is not set, and --target needs sessions of its users',
      'set it to the SEED_SESSION_SECRET that the target was seeded with',
    )
  }
  await fetch(url.origin, { redirect: 'manual', signal: AbortSignal.timeout(10_000) }).catch(
    (error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message
      throw new UsageError(
        `--target ${url.origin} does not answer (${cause})`,
        'check the address, and that it is up',
      )
    },
  )
  return { origin: url.origin, sessionSecret }
}

/** Both files whole, in a directory that appears at once. */
async function write(result: Result): Promise<string> {
  const results = process.env.HEADROOM_RESULTS ?? join(project, 'results')
  const directory = join(results, result.run)
  const staging = `${directory}.partial`
  await mkdir(staging, { recursive: true })
  await writeFile(join(staging, 'result.json'), `${JSON.stringify(Result.parse(result), null, 2)}\n`)
  await writeFile(join(staging, 'summary.md'), markdownSummary(result))
  await rename(staging, directory)
  return directory
}

const inWords = ({ users, think, ramp, duration, population, shards }: Plan) =>
  `${amount(users)} users of a population of ${amount(population.users)}, think ${think / 1000} s, ramp ${span(ramp)}, judged ${span(duration)}${shards > 1 ? `, ${shards} shards` : ''}`
