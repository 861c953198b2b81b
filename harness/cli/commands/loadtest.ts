import { defaultPopulation } from '@headroom/fixtures/population.ts'
import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { withBrowser } from '../../browser/beside.ts'
import { measureCapacity } from '../../capacity/measure.ts'
import { disturbanceOf, playedAgain } from '../../judge/machine.ts'
import { defaultImage, defaultRunnerImage, writeForCluster } from '../../kubernetes/command.ts'
import { billingStorm, type Storm } from '../../payments/storm.ts'
import { type Fault, readFault } from '../../plan/faults.ts'
import { fromHere } from '../../plan/here.ts'
import { duration, several, wholeNumber } from '../../plan/options.ts'
import { type PlanOptions, planInWords, planOf } from '../../plan/plan.ts'
import { type Plan, scenarioNames } from '../../plan/scenarios.ts'
import { assertForBrowser, reachable } from '../../plan/target.ts'
import { exitCodes, UsageError } from '../../plan/usage.ts'
import { progressScreen } from '../../report/progress.ts'
import { terminalSummary } from '../../report/summary.ts'
import { assertWritable, runId, writeResult } from '../../report/write.ts'
import type { Result } from '../../result/result.ts'
import { verifyLeakDetection } from '../../run/isolation.ts'
import { run } from '../../run/run.ts'
import type { Sidecar } from '../../run/sidecar.ts'
import { onSite, type Play } from '../../run/site.ts'
import type { Stack } from '../../stack/stack.ts'
import { provide } from '../../toolchain/provide.ts'

type Options = PlanOptions & {
  port?: number
  web?: number
  api?: number
  fault: string[]
  json?: boolean
  insecure?: boolean
  kubernetes?: string
  image?: string
  runnerImage?: string
}

export function register(program: Command): void {
  program
    .command('loadtest')
    .description('plays users against Worklane and says whether it keeps its promises')
    .argument('[scenario]', `${scenarioNames.join(' or ')}, or the file of a journey of your own`, 'load')
    .option('--users <n>', 'concurrent users', wholeNumber(1, 10_000_000))
    .option('--think <time>', 'mean think time between two steps, such as 60s', duration)
    .option('--ramp <time>', 'how long the users take to arrive', duration)
    .option('--duration <time>', 'how long the judged phase is', duration)
    .option('--organisations <n>', 'tenants of the population', wholeNumber(1, 100_000))
    .option('--population <n>', 'users of the population', wholeNumber(3, 10_000_000))
    .option('--seed <n>', 'plays and makes other users', wholeNumber(0, 2 ** 31), defaultPopulation.seed)
    .option('--shards <n>', 'k6 processes, each of which plays an equal part', wholeNumber(1, 64), 1)
    .option(
      '--connections <n>',
      'that the generator opens at most (one a user, and 640 for as many as 100,000)',
      wholeNumber(1, 1_000_000),
    )
    .option('--target <url>', 'a deployment to test, with its base path; nothing is started here')
    .option('--insecure', "takes any certificate of the target's")
    .option('--port <n>', "the edge's port, when the stack is started here", wholeNumber(1, 65_535))
    .option('--web <n>', 'web processes behind the edge', wholeNumber(1, 64))
    .option('--api <n>', 'API processes behind the edge', wholeNumber(1, 64))
    .addOption(
      new Option('--fault <fault>', 'breaks something on purpose, to see the run go red')
        .argParser(several)
        .default([]),
    )
    .option(
      '--kubernetes <dir>',
      'writes what a cluster with k6-operator needs to play it, and plays nothing',
      fromHere,
    )
    .option('--image <name>', `of the collector, with --kubernetes (${defaultImage('<revision>')})`)
    .option('--runner-image <name>', `of k6, with --kubernetes (${defaultRunnerImage})`)
    .option('--json', 'print the result as JSON and nothing else')
    .addHelpText('after', '\nExit codes: 0 pass, 1 fail, 2 invalid, 64 wrong use.')
    .action(async (scenario: string, options: Options) => loadtest(await planOf(scenario, options), options))
}

async function loadtest(plan: Plan, options: Options): Promise<void> {
  const { scenario } = plan
  const { kubernetes } = options
  if (kubernetes !== undefined) return writeForCluster(plan, { ...options, kubernetes })
  for (const [flag, given] of [
    ['--image', options.image] as const,
    ['--runner-image', options.runnerImage] as const,
  ])
    if (given !== undefined)
      throw new UsageError(
        `${flag} names a cluster's image, and --kubernetes is missing`,
        'give --kubernetes <dir>',
      )
  const faults = options.fault.map(readFault)
  if (options.insecure && options.target === undefined)
    throw new UsageError('--insecure says nothing of what is started here', 'leave it out, or give --target')
  if (options.target !== undefined && scenario === 'billing-storm')
    throw new UsageError(
      'billing-storm needs the stack that is started here: nobody moves the clock of a deployment’s Stripe',
      'leave out --target',
    )
  const target =
    options.target === undefined
      ? null
      : await reachable(options.target, !plan.journey, '--target', options.insecure)
  if (target && scenario === 'browser') assertForBrowser(target, '--target')
  if (target && faults.some(({ kind }) => kind !== 'starve-generator')) {
    throw new UsageError('--fault cannot break a deployment that is not ours', 'leave out --target')
  }
  await assertWritable(runId(plan.journey?.name ?? scenario))
  const say = (line: string) =>
    void (options.json ? process.stderr : process.stdout).write(`  ${pc.dim(line)}\n`)
  if (!options.json)
    console.log(`${pc.bold('headroom')} ${plan.journey?.name ?? scenario}  ${pc.dim(planInWords(plan))}`)
  // All at once: building k6 takes a while, and the others need not wait for it.
  const needed = [
    ...(target ? (['k6'] as const) : (['k6', 'redis', 'nginx', 'prometheus'] as const)),
    ...(scenario === 'browser' ? (['chromium'] as const) : []),
  ]
  const { k6, chromium } = await provide(needed, say)
  const screen = progressScreen(options.json ? process.stderr : process.stdout)
  const processes = { web: options.web ?? 1, api: options.api ?? 1 }
  const site = { target, processes, port: options.port, say }

  const play: Play = async (on, played, more = {}) => {
    const id = runId(played.journey?.name ?? played.scenario)
    const { faults: ofRun = [], faultTexts = [], invalidReasons = [], sidecar } = more
    const result = await run({
      id,
      plan: played,
      k6: k6.path,
      faults: ofRun,
      faultTexts,
      invalidReasons,
      ...(sidecar ? { sidecar } : {}),
      stack: on.stack,
      target: on.origin,
      sessionSecret: on.sessionSecret,
      access: on.access,
      onProgress: screen.show,
    })
    screen.end()
    return result
  }
  const tell = async (result: Result) => {
    const files = await writeResult(result)
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    else console.log(terminalSummary(result, files))
    process.exitCode = exitCodes[result.verdict]
  }

  const proof =
    scenario === 'isolation' && !target
      ? await verifyLeakDetection(
          plan,
          (faulty, use) => onSite({ ...site, plan, faults: faulty }, use),
          play,
          say,
        )
      : { unseen: [], interrupted: null }
  if (proof.interrupted) return tell(proof.interrupted)
  if (scenario === 'isolation' && target)
    say('no leak can be seeded into a deployment that is not ours: what looks for them is not proved here')
  await onSite({ ...site, plan, faults }, async (on) => {
    checkParts(faults, on.stack)
    say(on.stack ? `worklane is up at ${on.origin}` : `the target is ${on.origin}`)
    const more = { faults, faultTexts: options.fault, invalidReasons: proof.unseen }
    const playHere = (played: Plan, sidecar?: Sidecar) =>
      play(on, played, sidecar ? { ...more, sidecar } : more)
    await tell(
      scenario === 'capacity'
        ? await measureCapacity(plan, playHere, say)
        : scenario === 'browser'
          ? await playedAgain(
              () => withBrowser({ k6: k6.path, chromium }, (sidecar) => playHere(plan, sidecar)),
              disturbanceOf,
              say,
            )
          : scenario === 'billing-storm'
            ? await playHere(plan, billingStorm(stormOf(on.stack, say)))
            : await playHere(plan),
    )
  })
}

function stormOf(stack: Stack | null, say: (line: string) => void): Storm {
  const adminUrl = stack?.env.DATABASE_URL
  if (!stack?.payments || !adminUrl)
    throw new UsageError(
      'billing-storm needs the payments sandbox, and this stack was started without it',
      'leave out --target, and unset DATABASE_URL and STRIPE_SECRET_KEY',
    )
  return { payments: stack.payments, adminUrl, say }
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
