import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { assertClean, commitOf, GateInvalid } from './sides.ts'

describe('the sides of a gate', () => {
  let repository: string
  const git = (...args: string[]) => execa('git', args, { cwd: repository })

  beforeAll(async () => {
    repository = await mkdtemp(join(tmpdir(), 'headroom-repository-'))
    await git('init', '--quiet', '--initial-branch=main')
    await git('config', 'user.email', 'a@example.test')
    await git('config', 'user.name', 'A')
    await writeFile(join(repository, 'a.txt'), 'one')
    await git('add', '.')
    await git('commit', '--quiet', '-m', 'one')
  })
  afterAll(() => rm(repository, { recursive: true, force: true }))

  it('are commits, by whatever name', async () => {
    const { stdout } = await git('rev-parse', 'HEAD')
    expect(await commitOf('main', repository)).toBe(stdout)
    expect(await commitOf(stdout.slice(0, 9), repository)).toBe(stdout)
    await assertClean(repository)
  })

  it('are none that the repository does not know', async () => {
    await expect(commitOf('mian', repository)).rejects.toThrow(
      new GateInvalid('mian is no revision of this repository'),
    )
    // A file is no commit.
    await expect(commitOf('HEAD:a.txt', repository)).rejects.toThrow(GateInvalid)
  })

  it('may be missing in a shallow clone, which says so and how to fetch the rest', async () => {
    const above = await mkdtemp(join(tmpdir(), 'headroom-shallow-'))
    onTestFinished(() => rm(above, { recursive: true, force: true }))
    await git('commit', '--quiet', '--allow-empty', '-m', 'two')
    const clone = join(above, 'clone')
    await git('clone', '--quiet', '--depth', '1', `file://${repository}`, clone)
    expect(await commitOf('HEAD', clone)).toBe((await git('rev-parse', 'HEAD')).stdout)
    await expect(commitOf('HEAD~1', clone)).rejects.toThrow(
      new GateInvalid(
        'HEAD~1 is no revision of this clone, which is shallow: fetch its history with git fetch --unshallow, or in CI with fetch-depth: 0',
      ),
    )
    await execa('git', ['fetch', '--quiet', '--unshallow'], { cwd: clone })
    expect(await commitOf('HEAD~1', clone)).toBe((await git('rev-parse', 'HEAD~1')).stdout)
  })

  it('are none where git cannot read the directory, which says why', async () => {
    const bare = await mkdtemp(join(tmpdir(), 'headroom-no-repository-'))
    onTestFinished(() => rm(bare, { recursive: true, force: true }))
    await expect(commitOf('HEAD', bare)).rejects.toThrow(/^git cannot read .*not a git repository/)
  })

  it('are not what is in no commit', async () => {
    await writeFile(join(repository, 'b.txt'), 'two')
    await expect(assertClean(repository)).rejects.toThrow(/changes that are in no commit \(\?\? b\.txt\)/)
  })

  it('end a gate as invalid, in one line, before anything is built', async () => {
    const args = ['harness/cli/main.ts', 'gate', '--base', 'no-such-revision', '--json']
    const results = await mkdtemp(join(tmpdir(), 'headroom-results-'))
    onTestFinished(() => rm(results, { recursive: true, force: true }))
    const { exitCode, stdout } = await execa(process.execPath, args, {
      reject: false,
      env: { HEADROOM_RESULTS: results },
    })
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'invalid',
      reasons: ['no-such-revision is no revision of this repository'],
    })
    // Or a pull request would go on showing what the last gate said of it.
    const [run = ''] = await readdir(results)
    expect(await readFile(join(results, run, 'summary.md'), 'utf8')).toMatch(
      /invalid[\s\S]*no-such-revision is no/,
    )
  })
})
