import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { provide } from '../toolchain/provide.ts'

const workflows = join(project, '.github/workflows')

describe('the CI workflows', () => {
  let actionlint: string
  let directory: string

  beforeAll(async () => {
    actionlint = (await provide(['actionlint'])).actionlint.path
    directory = await mkdtemp(join(tmpdir(), 'headroom-workflows-'))
  }, 300_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  // Without the linters that a machine may or may not have beside it.
  const check = (files: string[]) =>
    execa(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files], { reject: false })

  it('are right, by actionlint', async () => {
    const files = (await readdir(workflows)).map((name) => join(workflows, name))
    expect(files.length).toBeGreaterThan(2)
    const { stdout, exitCode } = await check(files)
    expect(stdout).toBe('')
    expect(exitCode).toBe(0)
  })

  it.each([
    ['a context that there is not', 'github.event.pull_request.head.sha', 'github.evnt.pull_request'],
    ['a key that there is not', 'runs-on:', 'run-on:'],
  ])('would be caught with %s', async (_, right, wrong) => {
    const text = await readFile(join(workflows, 'pull-request.yml'), 'utf8')
    expect(text).toContain(right)
    const file = join(directory, 'broken.yml')
    await writeFile(file, text.replaceAll(right, wrong))
    expect((await check([file])).exitCode).toBe(1)
  })
})
