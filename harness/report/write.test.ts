import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { assertWritable, writeTogether } from './write.ts'

describe('the results of a run', () => {
  let directory: string
  let said: string
  const before = process.env.HEADROOM_RESULTS
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom of results-'))
    process.env.HEADROOM_RESULTS = join(directory, 'results')
    said = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text
      return true
    })
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    if (before === undefined) delete process.env.HEADROOM_RESULTS
    else process.env.HEADROOM_RESULTS = before
    await rm(directory, { recursive: true, force: true })
  })
  const results = () => process.env.HEADROOM_RESULTS as string

  it('are there at once, and nothing of trying whether they can be', async () => {
    await assertWritable('run')
    expect(await readdir(results())).toEqual([])
    const shown = await writeTogether('run', { 'result.json': '{}', 'summary.md': () => 'well' })
    expect(shown).toMatch(/results\/run$/)
    expect(await readdir(join(results(), 'run'))).toEqual(['result.json', 'summary.md'])
    expect(said).toBe('')
  })

  it.each<[string, () => Promise<string>, RegExp]>([
    ['a file', () => writeFile(join(directory, 'results'), '').then(() => 'results'), /E(EXIST|NOTDIR)/],
    ['below a file', () => writeFile(join(directory, 'f'), '').then(() => 'f/results'), /ENOTDIR/],
    ['in a directory that takes nothing', async () => relative(directory, '/proc/nowhere'), /ENOENT|EACCES/],
    ['a name that is too long', async () => 'x'.repeat(300), /ENAMETOOLONG/],
    ['a path that is too long for a report in it', async () => 'x/'.repeat(1_950), /ENAMETOOLONG/],
  ])('are refused before it where they should be %s', async (_, place, code) => {
    process.env.HEADROOM_RESULTS = join(directory, await place())
    await expect(assertWritable('run')).rejects.toMatchObject({
      name: 'UsageError',
      line: expect.stringMatching(code),
    })
  })

  it('are refused before it where there is no room for them', async () => {
    await expect(assertWritable('run', Number.MAX_SAFE_INTEGER)).rejects.toThrow(
      /results cannot be written to .*results \(ENOSPC: \d+\.\d MiB are free/,
    )
    expect(await readdir(results())).toEqual([])
  })

  it('that can no longer be written are told, and do not keep the verdict from being told', async () => {
    await assertWritable('run')
    await rm(results(), { recursive: true })
    await writeFile(results(), '')
    const shown = await writeTogether('run', { 'result.json': '{}', 'summary.md': '' })
    expect(shown).toMatch(/^no files in .*results\/run: /)
    expect(said).toMatch(/^✗ .*result\.json could not be written \(E\w+\)\n$/)
  })

  it('are kept although one that is made of them cannot be', async () => {
    await writeTogether('run', {
      'result.json': '{}',
      'summary.md': () => {
        throw new TypeError('x is undefined')
      },
      'junit.xml': '<x/>',
    })
    expect(await readdir(join(results(), 'run'))).toEqual(['junit.xml', 'result.json'])
    expect(said).toMatch(/summary\.md could not be written \(x is undefined\)/)
  })

  it('stay whole when a run of that name is there already', async () => {
    await mkdir(join(results(), 'run'), { recursive: true })
    await writeFile(join(results(), 'run/result.json'), 'of before')
    expect(await writeTogether('run', { 'result.json': '{}' })).toMatch(/^no files in/)
    expect(await readFile(join(results(), 'run/result.json'), 'utf8')).toBe('of before')
    expect(await readdir(results())).toEqual(['run'])
  })
})
