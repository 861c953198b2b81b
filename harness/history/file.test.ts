import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunEntry } from './entry.ts'
import { addToHistory, readHistory } from './file.ts'

const entry = (run: string): RunEntry => ({
  kind: 'run',
  run,
  at: '2026-11-29T00:00:00.000Z',
  revision: null,
  scenario: 'load',
  asked: {},
  machine: 'linux',
  metrics: {},
})

describe('the file of a history', () => {
  let directory: string
  let file: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-history-'))
    file = join(directory, 'below/history.jsonl')
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  const runs = async () =>
    (await readHistory(file)).map((each) => (each.kind === 'run' ? each.run : each.kind))
  const lines = async () => (await readFile(file, 'utf8')).split('\n').length - 1

  it('keeps a last line that has no line break apart from the next', async () => {
    await addToHistory(file, [entry('a')])
    await writeFile(file, (await readFile(file, 'utf8')).trimEnd())
    expect(await addToHistory(file, [entry('b')])).toBe(1)
    expect(await runs()).toEqual(['a', 'b'])
    expect(await lines()).toBe(2)
  })

  it('has a run once that is added twice at once', async () => {
    expect(await addToHistory(file, [entry('a'), entry('a')])).toBe(1)
    expect(await lines()).toBe(1)
  })

  it('counts a run once that stands in it twice', async () => {
    await addToHistory(file, [entry('a')])
    const line = await readFile(file, 'utf8')
    await writeFile(file, line + line)
    expect(await runs()).toEqual(['a'])
    expect(await addToHistory(file, [entry('a'), entry('b')])).toBe(1)
    expect(await runs()).toEqual(['a', 'b'])
  })

  it('keeps what several processes add at the same time, each once', async () => {
    const program = `
      const { addToHistory } = await import(${JSON.stringify(join(import.meta.dirname, 'file.ts'))})
      const entry = (run) => ({ ...${JSON.stringify(entry(''))}, run })
      for (let n = 0; n < 10; n++) await addToHistory(process.argv[1], [entry('both-' + n), entry(process.argv[2] + n)])
    `
    const add = (name: string) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, file, name])
    await Promise.all(['one-', 'two-', 'three-'].map(add))
    expect(await lines()).toBe(40)
    expect(new Set(await runs()).size).toBe(40)
  }, 30_000)

  it('stays as it was when a line of it is no JSON, which is named', async () => {
    await addToHistory(file, [entry('a')])
    const text = `${await readFile(file, 'utf8')}<<<<<<< HEAD\n`
    await writeFile(file, text)
    await expect(addToHistory(file, [entry('b')])).rejects.toThrow(/history\.jsonl:2 is no entry/)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('takes no entry that could not be read again, and stays as it was', async () => {
    await addToHistory(file, [entry('a')])
    const before = await readFile(file, 'utf8')
    const at = '2026-11-29T00:00:00.000Z'
    await expect(
      addToHistory(file, [entry('b'), { kind: 'accepted', at, series: 'load: x', because: '' }]),
    ).rejects.toThrow(/^nothing was added to \S+: because: /)
    await expect(addToHistory(file, [{ ...entry('b'), at: 'now' }])).rejects.toThrow(/: at: Invalid/)
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  it('is refused in one line where it cannot be read, or written', async () => {
    await mkdir(file, { recursive: true })
    await expect(readHistory(file)).rejects.toMatchObject({
      line: expect.stringMatching(/cannot be read \(EISDIR\)/),
    })
    await writeFile(join(directory, 'a file'), '')
    await expect(addToHistory(join(directory, 'a file/history.jsonl'), [entry('a')])).rejects.toMatchObject({
      line: expect.stringMatching(/cannot be written \(E\w+\) — give the file of a history/),
    })
  })
})
