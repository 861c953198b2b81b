import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { onTestFinished } from 'vitest'
import { Result } from '../result/result.ts'

/** Runs `pnpm loadtest` of a scenario as somebody would, with more options; of a test, which its results end with. */
export async function loadtest(scenario: string, ...options: string[]) {
  const results = await mkdtemp(join(tmpdir(), `headroom-${scenario}-`))
  onTestFinished(() => rm(results, { recursive: true, force: true }))
  const { exitCode } = await execa('node', ['harness/cli/main.ts', 'loadtest', scenario, ...options], {
    reject: false,
    preferLocal: true,
    env: { HEADROOM_RESULTS: results },
  })
  const [run] = await readdir(results)
  const result = Result.parse(JSON.parse(await readFile(join(results, run ?? '', 'result.json'), 'utf8')))
  return { exitCode, result }
}

export const smoke = (...options: string[]) => loadtest('smoke', ...options)
