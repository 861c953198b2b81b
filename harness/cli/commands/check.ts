import type { Command } from 'commander'
import { oneOf } from '../../plan/options.ts'
import { checkImports, checkTypes, checkUnused } from '../../test/check.ts'

const checks = { types: checkTypes, imports: checkImports, unused: checkUnused }

export function register(program: Command): void {
  program
    .command('check')
    .description('runs one static check')
    .argument('<check>', Object.keys(checks).join(', '))
    .action(async (name: string) => {
      const clean = await checks[oneOf('check', name, Object.keys(checks) as (keyof typeof checks)[])]()
      process.exitCode = clean ? 0 : 1
    })
}
