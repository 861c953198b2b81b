import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bringUpToDate, generated } from './generated.ts'

describe('generated files', () => {
  let root: string
  const states = async (lookOnly = true) => {
    const files = await bringUpToDate(root, { lookOnly })
    return Object.fromEntries(files.map(({ path, state }) => [path, state]))
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'headroom-generate-'))
    await writeFile(join(root, 'README.md'), '# It\n<!-- slo:start -->\nold\n<!-- slo:end -->\nand more\n')
    await writeFile(join(root, 'ARCHITECTURE.md'), '# How\n<!-- imports:start -->\n<!-- imports:end -->\n')
    await mkdir(join(root, 'fixtures'))
    await mkdir(join(root, 'docs'))
    await writeFile(join(root, 'docs/deploy.md'), '# Deployment\n<!-- cache:start -->\n<!-- cache:end -->\n')
    await writeFile(join(root, 'fixtures/README.md'), '# Who\n<!-- sizes:start -->\n<!-- sizes:end -->\n')
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  it('are written when they are missing, and are fresh afterwards', async () => {
    const before = await states(false)
    expect(new Set(Object.values(before))).toEqual(new Set(['stale']))
    const after = await states()
    expect(new Set(Object.values(after))).toEqual(new Set(['fresh']))
  })

  it('leave alone what stands around the table in the README', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    expect(readme).toMatch(/^# It\n<!-- slo:start -->\n\| promise .*\n<!-- slo:end -->\nand more\n$/s)
  })

  it.each(generated.map(({ path }) => path))('are noticed when edited by hand: %s', async (path) => {
    const file = join(root, path)
    const text = await readFile(file, 'utf8')
    const edited = /\d/.test(text)
      ? text.replace(/\d/, (digit) => (digit === '9' ? '8' : '9'))
      : text.replace(' --> ', ' <-- ')
    expect(edited).not.toBe(text)
    await writeFile(file, edited)
    expect((await states())[path]).toBe('stale')
    expect(await readFile(file, 'utf8'), 'looking changes nothing').toBe(edited)
    await writeFile(file, text)
  })

  it('are noticed when the README has no place for the table', async () => {
    await writeFile(join(root, 'README.md'), '# It\n')
    expect((await states())['README.md']).toBe('no place')
  })
})
