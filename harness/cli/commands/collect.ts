import { type Command, Option } from 'commander'
import pc from 'picocolors'
import { readOrder } from '../../collect/order.ts'
import { startCollecting } from '../../kubernetes/collect.ts'
import { fromHere } from '../../plan/here.ts'
import { duration, wholeNumber } from '../../plan/options.ts'
import { exitCodes, UsageError } from '../../plan/usage.ts'
import { progressScreen } from '../../report/progress.ts'
import { terminalSummary } from '../../report/summary.ts'
import { assertWritable, runId, writeResult } from '../../report/write.ts'

/** Calls of the system by which a name is looked up, and its address listened on. */
const ofListening = ['getaddrinfo', 'bind', 'listen']

type Options = { plan: string; host: string; port: number; startWithin: number; grace: number }

export function register(program: Command): void {
  program
    .command('collect')
    .description('collects and judges a run that k6 plays on other machines')
    .requiredOption('--plan <file>', 'what is played, as --kubernetes wrote it', fromHere)
    .option('--host <address>', 'where it listens', '0.0.0.0')
    .option('--port <n>', 'where it listens', wholeNumber(1, 65_535), 8_080)
    .addOption(
      new Option('--start-within <time>', 'how long the runners may take to begin')
        .argParser(duration)
        .default(900_000, '15m'),
    )
    .addOption(
      new Option('--grace <time>', 'how long they may take beyond the length of the run')
        .argParser(duration)
        .default(75_000, '75s'),
    )
    .addHelpText(
      'after',
      '\nGET /readyz, /result.json and /summary.md tell how far it is, until it is ended by SIGTERM.\nExit codes: 0 pass, 1 fail, 2 invalid, 64 wrong use.',
    )
    .action(collect)
}

async function collect({ plan: file, host, port, startWithin, grace }: Options): Promise<void> {
  const order = await readOrder(file)
  const token = required('HEADROOM_COLLECTOR_TOKEN', 'the one that the runners send')
  const sessionSecret = required(
    'HEADROOM_SESSION_SECRET',
    'the SEED_SESSION_SECRET that the target was seeded with',
  )
  const say = (line: string) => console.log(`  ${pc.dim(line)}`)
  await assertWritable(runId(order.plan.scenario))
  const screen = progressScreen()
  const collecting = await startCollecting({
    id: runId(order.plan.scenario),
    order,
    host,
    port,
    token,
    sessionSecret,
    startWithin,
    grace,
    say,
    onProgress: screen.show,
  }).catch((error: NodeJS.ErrnoException) => {
    if (!ofListening.includes(error.syscall ?? '')) throw error
    throw new UsageError(
      `${host}:${port} cannot be listened on (${error.code})`,
      'give another --port or --host',
    )
  })
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
  void ended.then(collecting.interrupt)
  say(`listening on ${host}:${port}`)
  const result = await collecting.result
  screen.end()
  const files = await writeResult(result)
  console.log(terminalSummary(result, files))
  process.exitCode = exitCodes[result.verdict]
  // Whoever started the run still has to fetch its verdict.
  await ended
  await collecting.close()
}

function required(name: string, meaning: string): string {
  const value = process.env[name]
  if (!value) throw new UsageError(`${name} is not set`, `set it to ${meaning}`)
  return value
}
