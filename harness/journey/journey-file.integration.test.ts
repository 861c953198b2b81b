import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readJourney } from './journey-file.ts'

describe('the file of a journey', () => {
  let directory: string
  let files = 0
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-journey-'))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  async function written(text: string): Promise<string> {
    const file = join(directory, `${files++}.ts`)
    await writeFile(file, text)
    return file
  }
  const good = {
    name: `'shop'`,
    limits: `{ 'page /': 200 }`,
    chain: `{ '': { look: 1 }, look: { look: 1 } }`,
    steps: `{ look: () => [] }`,
  }
  const journeyOf = (parts: Record<string, string>) =>
    written(
      `export const journey = { ${Object.entries(parts)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')} }`,
    )

  it('says what is played and judged', async () => {
    const file = await journeyOf({ ...good, workload: '{ users: 7 }' })
    expect(await readJourney(file)).toEqual({
      ...{ file, name: 'shop', limits: { 'page /': 200 }, workload: { users: 7 }, marked: false },
    })
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['a name that is no word', { name: `'My shop'` }, /journey\.name must be a word/],
    ['no limits', { limits: '{}' }, /journey\.limits must have a route/],
    ['a limit that is none', { limits: `{ 'page /': 'fast' }` }, /journey\.limits\.page \/ .*number/],
    ['no beginning', { chain: '{ look: { look: 1 } }' }, /journey\.chain\.'' is missing/],
    ['a step that is none', { steps: '{}' }, /journey\.chain\.look is no step/],
    ['a dead end', { chain: `{ '': { look: 1 }, look: {} }` }, /journey\.chain\.look leads nowhere/],
    ['a way to nowhere', { chain: `{ '': { buy: 1 } }` }, /journey\.chain\.''\.buy has no row of its own/],
    ['an unknown part', { budget: '1' }, /budget/],
  ])('is refused with %s', async (_, change, problem) => {
    await expect(readJourney(await journeyOf({ ...good, ...change }))).rejects.toThrow(problem)
  })

  it('is refused when it is not there, exports nothing, or cannot be read', async () => {
    await expect(readJourney(join(directory, 'none.ts'))).rejects.toThrow(/there is no journey at/)
    await expect(readJourney(await written('export const trip = 1'))).rejects.toThrow(/exports no journey/)
    await expect(readJourney(await written('export const journey = {'))).rejects.toThrow(/cannot be read/)
  })
})
