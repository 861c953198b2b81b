import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { project } from '../project.ts'

describe('a path on the command line', () => {
  let typedIn: string
  beforeAll(async () => {
    typedIn = await mkdtemp(join(tmpdir(), 'headroom-here-'))
    await mkdir(join(typedIn, 'full'))
    await writeFile(join(typedIn, 'full/mine'), '')
    await writeFile(join(typedIn, 'broken.ts'), 'export const journey = {')
  })
  afterAll(() => rm(typedIn, { recursive: true, force: true }))

  const urls = ['--base-url', 'http://127.0.0.1:1', '--head-url', 'http://127.0.0.1:2']
  const cluster = ['--target', 'http://staging.example.com', '--kubernetes']

  const use = async (args: readonly string[], cwd: string, env: Record<string, string>) => {
    const { stderr } = await execa(process.execPath, [join(project, 'harness/cli/main.ts'), ...args], {
      reject: false,
      cwd,
      env: { NO_COLOR: '1', HEADROOM_SESSION_SECRET: 'x', ...env },
    })
    return stderr
  }

  // pnpm runs a script in the root, and says in INIT_CWD where it was called.
  it.each<[string, string[], (path: string) => string]>([
    ['a journey', ['loadtest', 'broken.ts'], () => '✗ broken.ts:1:25:'],
    ['a journey above', ['loadtest', './full/../broken.ts'], () => '✗ broken.ts:1:25:'],
    ["a gate's journey", ['gate', '--journey', 'broken.ts', ...urls], () => '✗ broken.ts:1:25:'],
    ["a cluster's directory", ['loadtest', ...cluster, 'full'], (path) => `--kubernetes ${path}/full is not`],
    [
      "a collector's plan",
      ['collect', '--plan', 'broken.ts'],
      (path) => `--plan ${path}/broken.ts is no JSON`,
    ],
    ['a history', ['history', 'check', '--file', 'broken.ts'], (path) => `${path}/broken.ts:1 is no entry`],
    ['a run', ['history', 'add', 'full'], (path) => `${path}/full is no run`],
    ['slices', ['bench', 'gate', '--slices', 'none.json'], (path) => `${path}/none.json`],
  ])('is one from where the command was typed: %s', async (_, args, words) => {
    expect(await use(args, project, { INIT_CWD: typedIn })).toContain(words(typedIn))
    expect(await use(args, typedIn, { INIT_CWD: '/' })).toContain(words(typedIn))
  })
})
