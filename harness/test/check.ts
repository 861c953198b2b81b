import { access } from 'node:fs/promises'
import { execa } from 'execa'

/** One program of the compiler for each world that our code runs in. */
const typePrograms = ['tsconfig.json', 'app/web/tsconfig.json', 'loadtests/tsconfig.json']

const importRoots = [
  'app',
  'dashboards',
  'fixtures',
  'harness',
  'loadtests',
  'perf-budgets',
  'sandbox',
  'seed',
]

/** What the compiler found the last time: it looks again only at what has changed since. */
const stateOf = (project: string) => `.headroom/types/${project.replaceAll('/', '-')}.tsbuildinfo`

/** Runs the type checker over every room; true when all are clean. */
export async function checkTypes(): Promise<boolean> {
  await prepareGeneratedCode()
  const results = await Promise.all(
    typePrograms.map((project) =>
      run('tsc', [
        ...['--noEmit', '--pretty', '--project', project],
        ...['--incremental', '--tsBuildInfoFile', stateOf(project)],
      ]),
    ),
  )
  return results.every(Boolean)
}

/** Checks the import directions of .dependency-cruiser.js; true when none is broken. */
export async function checkImports(): Promise<boolean> {
  await prepareGeneratedCode()
  return run('depcruise', ['--config', '.dependency-cruiser.js', ...importRoots])
}

/** Finds files, exports and packages that nobody uses (knip.json says what is run by its path); true when there are none. */
export async function checkUnused(): Promise<boolean> {
  await prepareGeneratedCode()
  return run('knip', ['--no-progress'])
}

/** The Prisma client and Next's route types are made from sources, and nothing type-checks without them. */
async function prepareGeneratedCode(): Promise<void> {
  const { generateClient } = await import('@worklane/data/generate.ts')
  await generateClient()
  await access('app/web/next-env.d.ts').catch(() =>
    execa('next', ['typegen'], { cwd: 'app/web', preferLocal: true, localDir: 'app/web', stdio: 'inherit' }),
  )
}

async function run(file: string, args: string[]): Promise<boolean> {
  const { exitCode } = await execa(file, args, { stdio: 'inherit', preferLocal: true, reject: false })
  return exitCode === 0
}
