import { minimumPairs } from '@headroom/perf-budgets/gate/statistics.ts'
import { gate as rules } from '@headroom/perf-budgets/slo.ts'
import type { Command } from 'commander'
import type { GateOptions } from '../../gate/command.ts'
import { type PageName, pageNames } from '../../lighthouse/pages.ts'
import { readStackFaults } from '../../plan/faults.ts'
import { fromHere } from '../../plan/here.ts'
import { duration, oneOf, several, wholeNumber } from '../../plan/options.ts'
import { targetOf } from '../../plan/target.ts'
import { exitCodes, UsageError } from '../../plan/usage.ts'

/** The middle and the tail of two kinds of routes, and CPU of three kinds of processes. */
const metricsOfSlices = 7
/** LCP and TBT. */
const metricsOfAudits = 2

/** With fewer no outcome could be significant. */
const leastPairs = (pages: readonly PageName[]): number =>
  minimumPairs(metricsOfSlices + metricsOfAudits * pages.length, rules.alpha / rules.interimAnalyses.length)

export function register(program: Command): void {
  const { slice, interimAnalyses } = rules
  program
    .command('gate')
    .description('says whether a change made it worse: base against head, at the same time, on this machine')
    .option('--base <rev>', 'the revision to compare this checkout with, such as main')
    .option('--base-url <url>', 'a deployment of base, with --head-url')
    .option('--head-url <url>', 'a deployment of head')
    .option('--base-command <command>', 'starts what answers at --base-url, and is stopped at the end')
    .option('--head-command <command>', 'starts what answers at --head-url')
    .option('--insecure', 'takes any certificate of both deployments')
    .option('--journey <file>', 'of an app that is not Worklane, with both URLs', fromHere)
    .option(
      '--pairs <n>',
      `pairs of slices; ${interimAnalyses.join(', or when these leave it undecided ')}`,
      wholeNumber(leastPairs([]), 1_000),
    )
    .option('--users <n>', 'concurrent users of each side', wholeNumber(1, 100_000), slice.users)
    .option('--think <time>', 'mean think time between two steps', duration, slice.think)
    .option(
      '--ramp <time>',
      'in which the users of a slice come, before it is measured',
      duration,
      slice.ramp,
    )
    .option('--duration <time>', 'how long of a slice is measured', duration, slice.duration)
    .option('--seed <n>', 'plays other users, in another order', wholeNumber(0, 2 ** 31), 1)
    .option(
      '--lighthouse <page>',
      "compares a page's Lighthouse timings as well, about 12 minutes each; repeatable",
      severalPages,
      [],
    )
    .option('--accept <counter>', 'may rise, such as "queries page /dashboard"; repeatable', several, [])
    .option('--fault <fault>', 'breaks head on purpose, to see the gate go red; repeatable', several, [])
    .option('--json', 'print the result as JSON and nothing else')
    .addHelpText('after', '\nExit codes: 0 pass, 1 fail, 2 invalid, 3 undecided, 64 wrong use.')
    .action(async (options: GateOptions) => {
      assertTogether(options)
      const { gate } = await import('../../gate/command.ts')
      process.exitCode = exitCodes[(await gate(options)).verdict]
    })
}

/** Each once, however often it is given. */
const severalPages = (text: string, before: PageName[]) => [
  ...new Set([...before, oneOf('page', text, pageNames)]),
]

/** Two paths of one host are two deployments. */
const isSame = (base: string, head: string) =>
  targetOf(base, '--base-url').origin === targetOf(head, '--head-url').origin

/** @throws UsageError for options that do not go together */
function assertTogether(options: GateOptions): void {
  const { base, baseUrl, headUrl, baseCommand, headCommand, journey, fault, lighthouse, pairs, insecure } =
    options
  const urls = [baseUrl, headUrl].filter((url) => url !== undefined)
  if (base === undefined && urls.length === 0)
    throw new UsageError('nothing to compare with', 'give --base <rev>, or --base-url and --head-url')
  if (base !== undefined && urls.length > 0)
    throw new UsageError('--base and a URL are two ways to say the same', 'give one of them')
  if (urls.length === 1)
    throw new UsageError('one URL alone has nothing to be compared with', 'give --base-url and --head-url')
  if (baseUrl !== undefined && headUrl !== undefined && isSame(baseUrl, headUrl))
    throw new UsageError('--base-url and --head-url are the same', 'give the address of each')
  if ((baseCommand === undefined) !== (headCommand === undefined))
    throw new UsageError(
      'one command alone would compare unlike things',
      'give --base-command and --head-command',
    )
  if (baseCommand !== undefined && urls.length === 0)
    throw new UsageError('nobody knows where the commands answer', 'give --base-url and --head-url')
  const least = leastPairs(lighthouse)
  if (pairs !== undefined && pairs < least)
    throw new UsageError(`${pairs} pairs can tell nothing of so much`, `give --pairs ${least} or more`)
  if (insecure && urls.length === 0)
    throw new UsageError('--insecure says nothing of what is started here', 'leave it out')
  readStackFaults(fault)
  if (fault.length > 0 && urls.length > 0)
    throw new UsageError('--fault cannot break a deployment that is not ours', 'leave out the URLs')
  if (journey !== undefined && lighthouse.length > 0)
    throw new UsageError(
      '--lighthouse knows the pages of Worklane, not those of a journey',
      'leave out one of them',
    )
  if (journey !== undefined && urls.length === 0)
    throw new UsageError(
      '--journey is of an app that cannot be started here',
      'give --base-url and --head-url',
    )
}
