import { type Command, Option } from 'commander'
import { fromHere } from '../../plan/here.ts'
import { oneOf, wholeNumber } from '../../plan/options.ts'
import { exitCodes } from '../../plan/usage.ts'

type Options = {
  pairs: number
  seconds: number
  minutes: number
  peers: boolean
  slices: string[]
  gates: number
  cases: string[]
  shards: number[]
  jobs: number
}

const print = (line: string) => console.log(line)

const benchmarks = {
  app: async ({ pairs }: Options) => {
    const { benchApp } = await import('../../bench/app.ts')
    process.exitCode = (await benchApp(pairs, print)) ? exitCodes.pass : exitCodes.fail
  },
  routes: async ({ seconds }: Options) => {
    const { benchRoutes } = await import('../../bench/routes.ts')
    await benchRoutes(seconds, print)
  },
  generator: async ({ minutes, peers }: Options) => {
    const { benchGenerator } = await import('../../bench/generator.ts')
    await benchGenerator({ minutes, peers }, print)
  },
  gate: async ({ slices, gates }: Options) => {
    const { benchGate, recordedGates } = await import('../../bench/gate.ts')
    await benchGate(slices.length > 0 ? slices.map(fromHere) : await recordedGates(), gates, print)
  },
  sandbox: async () => {
    const { benchSandbox } = await import('../../bench/sandbox.ts')
    process.exitCode = (await benchSandbox(print)) ? exitCodes.pass : exitCodes.fail
  },
  fairness: async ({ jobs }: Options) => {
    const { benchFairness } = await import('../../bench/fairness.ts')
    process.exitCode = (await benchFairness(jobs, print)) ? exitCodes.pass : exitCodes.fail
  },
  truth: async ({ cases, shards }: Options) => {
    const { benchTruth } = await import('../../bench/truth.ts')
    const { caseNames } = await import('../../bench/truth/cases.ts')
    const names = cases.map((name) => oneOf('case', name, caseNames))
    process.exitCode = await benchTruth({ names, shards }, print)
  },
}
const names = Object.keys(benchmarks) as (keyof typeof benchmarks)[]

export function register(program: Command): void {
  program
    .command('bench')
    .description(
      'prints what things cost: pnpm bench:app, bench:routes, bench:generator, bench:gate, bench:truth, bench:fairness; and what share of the payments sandbox is as Stripe documents it: bench:sandbox',
    )
    .argument('<what>', names.join(', '))
    .option('--pairs <n>', 'app: how often each of two is measured', wholeNumber(3, 101), 9)
    .option('--seconds <n>', 'routes: how long each is asked', wholeNumber(2, 300), 8)
    .option('--jobs <n>', 'fairness: of one organisation', wholeNumber(100, 100_000), 10_000)
    .option('--minutes <n>', 'generator: how long 100,000 users are played', wholeNumber(1, 60), 3)
    .option('--no-peers', 'generator: the swarm alone')
    .option(
      '--slices <file...>',
      'gate: slices.json of gates of a revision against itself; those kept here unless given',
      [],
    )
    .option('--gates <n>', 'gate: how many are simulated', wholeNumber(10, 100_000), 300)
    .option('--cases <name...>', 'truth: some of the ways in which its target misbehaves', [])
    .addOption(
      new Option('--shards <n...>', 'truth: with how many k6 processes each is played')
        .argParser((text, before: number[]) => [...before, wholeNumber(1, 16)(text)])
        .default([]),
    )
    .action((what: string, options: Options) => benchmarks[oneOf('benchmark', what, names)](options))
}
