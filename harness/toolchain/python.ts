import { join } from 'node:path'
import { execa } from 'execa'
import { shellWord, UsageError } from '../plan/usage.ts'
import { cacheDirectory } from './find.ts'
import { oneAtATime, provide } from './provide.ts'

/**
 * A package of PyPI at one version, in an environment of its own in the tool cache.
 * @returns the environment's python; programs of the package are beside it
 * @throws UsageError with the command to run by hand when it cannot be installed
 */
export async function pythonPackage({ name, version }: { name: string; version: string }): Promise<string> {
  const home = join(cacheDirectory(), 'python', `${name}-${version}`)
  const python = join(home, 'bin/python')
  const isThere = async () => {
    const program = 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))'
    const { failed, stdout } = await execa(python, ['-c', program, name], { reject: false })
    return !failed && stdout.trim() === version
  }
  if (await isThere()) return python
  const { python: system } = await provide(['python'])
  return oneAtATime(
    home,
    async () => {
      if (await isThere()) return python
      try {
        await execa(system.path, ['-m', 'venv', '--clear', home])
        const quietly = ['--quiet', '--disable-pip-version-check']
        await execa(python, ['-m', 'pip', 'install', ...quietly, `${name}==${version}`])
      } catch (error) {
        const last = String((error as { stderr?: string }).stderr || error)
          .trim()
          .split('\n')
          .at(-1)
        throw new UsageError(
          `${name} ${version} of PyPI could not be installed: ${last}`,
          `${shellWord(system.path)} -m venv ${shellWord(home)} && ${shellWord(python)} -m pip install ${name}==${version}`,
        )
      }
      return python
    },
    `${name} ${version} of PyPI is missing`,
  )
}
