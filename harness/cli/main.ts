import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import type { Command } from 'commander'
import { nearest, UsageError } from '../plan/usage.ts'
import { runToEnd } from './ending.ts'

// TypeScript is stripped and compiled once, not at each start: halves a start of this process, and of those that it starts.
const { directory: compiled } = enableCompileCache(join(import.meta.dirname, '../../.headroom/compiled'))
if (compiled) process.env.NODE_COMPILE_CACHE = compiled

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
  operator: () => import('./commands/operator.ts'),
  sandbox: () => import('./commands/sandbox.ts'),
  ledger: () => import('./commands/ledger.ts'),
  lighthouse: () => import('./commands/lighthouse.ts'),
  fuzz: () => import('./commands/fuzz.ts'),
  bench: () => import('./commands/bench.ts'),
  generate: () => import('./commands/generate.ts'),
  check: () => import('./commands/check.ts'),
  deployment: () => import('./commands/deployment.ts'),
}

async function main(argv: string[]): Promise<void> {
  const [name] = argv
  const load = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    const known = Object.keys(commands)
    const meant = name ? nearest(name, known) : undefined
    throw new UsageError(
      name ? `unknown command "${name}"` : 'no command given',
      meant ? `did you mean "${meant}"?` : `one of: ${known.join(', ')}`,
    )
  }
  // Here, as all else that may be missing: before `runToEnd` nothing says what that means.
  const { Command, CommanderError } = await import('commander')
  const { refuseRepeated } = await import('../plan/options.ts')
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
    refuseRepeated(command)
  }
  await program.parseAsync(argv, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0)
      throw new UsageError(error.message.replace(/^error: /, ''), `see pnpm ${name} --help`)
  })
}

// npm and pnpm pass a lone "--" on; it means nothing here.
const words = process.argv.slice(2).filter((word, index) => !(word === '--' && index <= 1))
runToEnd(words, () => main(words))
