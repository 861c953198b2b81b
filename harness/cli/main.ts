import { Command, CommanderError } from 'commander'
import pc from 'picocolors'
import { exitCodeOfCrash, exitCodes, nearest, UsageError } from './usage.ts'

/** Each command's file is read only when it is called. */
const commands: Record<string, () => Promise<{ register(program: Command): void }>> = {
  loadtest: () => import('./commands/loadtest.ts'),
  collect: () => import('./commands/collect.ts'),
  test: () => import('./commands/test.ts'),
  serve: () => import('./commands/serve.ts'),
  gate: () => import('./commands/gate.ts'),
  history: () => import('./commands/history.ts'),
  dev: () => import('./commands/dev.ts'),
  doctor: () => import('./commands/doctor.ts'),
  seed: () => import('./commands/seed.ts'),
  lighthouse: () => import('./commands/lighthouse.ts'),
  bench: () => import('./commands/bench.ts'),
  generate: () => import('./commands/generate.ts'),
  check: () => import('./commands/check.ts'),
}

async function main(argv: string[]): Promise<void> {
  const [name] = argv
  const load = commands[name ?? '']
  if (!load) {
    const known = Object.keys(commands)
    const meant = name ? nearest(name, known) : undefined
    throw new UsageError(
      name ? `unknown command "${name}"` : 'no command given',
      meant ? `did you mean "${meant}"?` : `one of: ${known.join(', ')}`,
    )
  }
  const program = new Command('pnpm').helpOption('-h, --help', 'show this help').exitOverride()
  // Our own one line instead of commander's: see below.
  program.configureOutput({ writeErr: () => {} })
  const { register } = await load()
  register(program)
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) {
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .allowExcessArguments(false)
  }
  await program.parseAsync(argv, { from: 'user' })
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    const line = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
    process.stderr.write(`${pc.red('✗')} ${line} — see pnpm ${process.argv[2] ?? ''} --help\n`)
    return exitCodes.usage
  }
  if (error instanceof UsageError) {
    process.stderr.write(`${pc.red('✗')} ${error.line}\n`)
    return exitCodes.usage
  }
  process.stderr.write(
    `${pc.red('✗')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return exitCodeOfCrash(process.argv.slice(2).find((argument) => argument !== '--'))
}

try {
  // npm and pnpm pass a lone "--" on; it means nothing here.
  await main(process.argv.slice(2).filter((argument, index) => !(argument === '--' && index <= 1)))
} catch (error) {
  process.exitCode = report(error)
  // Whatever else is under way (another tool's install) is of no use any more; what was started dies with us.
  if (process.exitCode === exitCodes.usage) process.exit()
}
