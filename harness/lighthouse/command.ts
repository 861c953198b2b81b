import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defaultPopulation } from '@headroom/fixtures/population.ts'
import type { LighthouseRc } from '@headroom/perf-budgets/lighthouserc.ts'
import { lighthouse as limits } from '@headroom/perf-budgets/slo.ts'
import type { Command } from 'commander'
import pc from 'picocolors'
import { readStackFaults, stackFaults } from '../plan/faults.ts'
import { shownFromHere } from '../plan/here.ts'
import { oneOf, several, wholeNumber } from '../plan/options.ts'
import { exitCodes } from '../plan/usage.ts'
import { project } from '../project.ts'
import { assertWritable, directoryOf, runId } from '../report/write.ts'
import { startGuard } from '../stack/guard.ts'
import { startStack } from '../stack/stack.ts'
import { provideHeadless } from '../toolchain/chromium.ts'
import type { FormFactor } from './audit.ts'
import { phoneOn } from './benchmark.ts'
import { lighthouse } from './lighthouse.ts'
import { type PageName, pageNames, pagesOf } from './pages.ts'
import { machineLines, phoneLine, tableOf, verdictLine } from './present.ts'
import { busyShare, measureAlone } from './quiet.ts'

const formFactors: FormFactor[] = ['mobile', 'desktop']

/** The share of the machine that others may use before scores suffer visibly. */
const tooBusy = 0.3

/** Of one run of a page, HTML and JSON: more than the largest. */
const bytesOfReport = 2 * 1024 ** 2

type Options = { pages: PageName[]; runs: number; formFactor: string; fault: string[] }

export function register(program: Command): void {
  program
    .command('lighthouse')
    .description("audits Worklane's pages, signed in, without load; takes about 9 s a run of a page")
    .option(
      '--pages <list>',
      `which of ${pageNames.join(', ')}; repeatable, all unless given`,
      severalPages,
      [],
    )
    .option('--runs <n>', 'an odd number has a middle one', wholeNumber(1, 25), limits.runs)
    .option('--form-factor <which>', 'mobile, desktop or both', 'both')
    .option('--fault <fault>', 'breaks something on purpose, such as uncompressed; repeatable', several, [])
    .action(async (options: Options) => {
      process.exitCode = exitCodes[await audit(options)]
    })
}

async function audit(options: Options) {
  const asked = oneOf('form factor', options.formFactor, [...formFactors, 'both'] as const)
  const names = options.pages.length > 0 ? options.pages : pageNames
  const faults = stackFaults(readStackFaults(options.fault))
  const say = (line: string) => console.log(pc.dim(line))
  await assertWritable(
    runId('lighthouse'),
    names.length * options.runs * (asked === 'both' ? 2 : 1) * bytesOfReport,
  )
  const chromium = await provideHeadless(say)
  const release = await measureAlone(join(project, '.headroom/measuring'))
  const stack = await startStack({ population: defaultPopulation, ...faults, say }).catch(
    async (error: unknown) => {
      await release()
      throw error
    },
  )
  const guard = startGuard()
  const stop = async () => {
    guard.end()
    await stack.stop()
    await release()
  }
  const interrupted = () => void stop().finally(() => process.exit(exitCodes.invalid))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  let crashed: string | undefined
  stack.onCrash(({ part, lastLines }) => {
    crashed ??= `${part} ended during the audit:\n${lastLines}`
  })
  try {
    const { pages, sessionToken } = pagesOf(defaultPopulation, stack.sessionSecret)
    const id = runId('lighthouse')
    const directory = await resultsDirectory(id)
    const busy = await busyShare(2_000)
    if (busy > tooBusy) {
      say(
        `! the machine is ${Math.round(busy * 100)}% busy before the first page: expect figures worse than they are`,
      )
    }
    const phone = await phoneOn(chromium)
    say(phoneLine(phone))
    const result = await lighthouse({
      id,
      guard,
      chromium,
      origin: stack.origin,
      pages: pages.filter((page) => names.includes(page.name as PageName)),
      sessionToken,
      rc: JSON.parse(await readFile(join(project, 'lighthouserc.json'), 'utf8')) as LighthouseRc,
      runs: options.runs,
      phone,
      formFactors: asked === 'both' ? formFactors : [asked],
      directory,
      say,
      faults: options.fault,
      crash: () => crashed,
    })
    for (const { formFactor, pages } of result.forms) console.log(`\n${formFactor}\n${tableOf(pages)}`)
    if (result.crashed !== null) console.log(`${pc.red('✗')} ${result.crashed}`)
    for (const line of machineLines(result)) console.log(pc.yellow(line))
    console.log(
      `\n${verdictLine(result.verdict)}  median of ${options.runs}  ${shownFromHere(join(directory, 'index.html'))}`,
    )
    process.exitCode = exitCodes[result.verdict]
    return result.verdict
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    await stop()
  }
}

/** @throws UsageError for a page that there is not */
const severalPages = (list: string, before: PageName[]): PageName[] => [
  ...before,
  ...list.split(',').map((name) => oneOf('page', name.trim(), pageNames)),
]

async function resultsDirectory(id: string): Promise<string> {
  const directory = join(directoryOf(id), 'lighthouse')
  await mkdir(directory, { recursive: true })
  return directory
}
