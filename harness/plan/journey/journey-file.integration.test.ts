import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { wholeAnswer } from '@headroom/perf-budgets/slo.ts'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { provide } from '../../toolchain/provide.ts'
import { scratch } from '../scratch.ts'
import { readJourney } from './journey-file.ts'

describe('the file of a journey', () => {
  let directory: string
  let files = 0
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headroom-journey-'))
  })
  afterAll(async () => {
    // A test's process does not say that it ends.
    for (const made of [directory, scratch()]) await rm(made, { recursive: true, force: true })
  })

  async function written(text: string, name = `${files++}.ts`): Promise<string> {
    const file = join(directory, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    return file
  }
  const good = {
    name: `'shop'`,
    limits: `{ 'page /': 200 }`,
    chain: `{ '': { look: 1 }, look: { look: 1 } }`,
    steps: `{ look: () => [] }`,
  }
  const journeyOf = (parts: Record<string, string>, file?: string) =>
    written(
      `export const journey = { ${Object.entries(parts)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', ')} }`,
      file,
    )

  it('says what is played and judged', async () => {
    const file = await journeyOf({ ...good, workload: '{ users: 7 }' })
    expect(await readJourney(file)).toEqual({
      file,
      name: 'shop',
      limits: { 'page /': { ttfb: 200, latency: 200 * wholeAnswer } },
      marked: false,
      workload: { users: 7 },
      script: expect.stringMatching(/headroom-scratch-\S+\.js$/),
    })
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['a name that is no word', { name: `'My shop'` }, /journey\.name must be a word/],
    ['a name that is too long', { name: `'${'a'.repeat(65)}'` }, /journey\.name must not be longer than 64/],
    [
      'a step that only all objects have',
      { chain: `{ '': { toString: 1 }, toString: { toString: 1 } }` },
      /journey\.chain\.toString is no step/,
    ],
    [
      'a way to what only all objects have',
      { chain: `{ '': { toString: 1 } }` },
      /journey\.chain\.''\.toString has no row of its own/,
    ],
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
  })

  /** What comes back when k6 itself reads the journey's script. */
  async function nameInK6(script: string): Promise<string> {
    const { k6 } = await provide(['k6'])
    const asking = await written(
      `const { journey } = require(${JSON.stringify(script)})\nexport default () => console.log('name=' + journey.name + ';')`,
    )
    const { stderr } = await execa(k6.path, ['run', '--quiet', '--no-color', '--address', '', asking], {
      reject: false,
      timeout: 20_000,
      env: { K6_NO_USAGE_REPORT: 'true' },
    })
    return /name=(.*?);/.exec(stderr)?.[1] ?? stderr
  }

  it.each([
    'a space.ts',
    '100%20.ts',
    'a#b.ts',
    'a?b=c.ts',
    'a*.ts',
    '[a]{b}/*c.ts',
    'überraschung.ts',
    'a b/c#d/e.ts',
  ])('may be called anything: %s', async (name) => {
    const { script } = await readJourney(await journeyOf(good, name))
    expect(await nameInK6(script)).toBe('shop')
  })

  it('is the one that was named, and no other that a * in its path would match', async () => {
    await journeyOf({ ...good, name: `'other'` }, 'star!.ts')
    await journeyOf({ ...good, name: `'other'` }, 'star-x.ts')
    const { name, script } = await readJourney(await journeyOf(good, 'star*.ts'))
    expect([name, await nameInK6(script)]).toEqual(['shop', 'shop'])
  })

  it.each<[string, string]>([
    [
      'JSON that is imported',
      `import data from './data file.json' with { type: 'json' }\nconst name = data.name`,
    ],
    ['JSON without saying so', `import { name } from './data file.json'`],
    ['text that is imported', `import text from './data#1.txt'\nconst name = text.trim()`],
    ['a file that is opened', `const { name } = JSON.parse(open('./data file.json'))`],
    [
      'bytes that are opened',
      `const name = new Uint8Array(open('data#1.txt', 'b')).length === 5 ? 'shop' : ''`,
    ],
    [
      'an array that users share',
      `import { SharedArray } from 'k6/data'\nconst [{ name }] = new SharedArray('n', () => [JSON.parse(open('./data file.json'))])`,
    ],
    ['an enum', `enum Shop { name = 'shop' }\nconst name = Shop.name`],
    ['a file of its own', `import { name } from './part'`],
  ])('has the same data in Node and in k6: %s', async (_, begins) => {
    await written('{ "name": "shop" }', 'data file.json')
    await written('shop\n', 'data#1.txt')
    await written(`export const name: string = 'shop'`, 'part.ts')
    const { name: _name, ...rest } = good
    const parts = Object.entries(rest).map(([part, value]) => `${part}: ${value}`)
    const file = await written(`${begins}\nexport const journey = { name, ${parts.join(', ')} }`)
    const { name, script } = await readJourney(file)
    expect([name, await nameInK6(script)]).toEqual(['shop', 'shop'])
  })

  it.each<[string, string, RegExp]>([
    ['await outside of a function', `\nconst x = await 1`, /\.ts:2:\d+: await outside of a function/],
    ['a text that is thrown', `\n\n  throw 'no env'`, /\.ts:3:3: .*throws 'no env'/],
    ['an error that is thrown', `null.x\n`, /\.ts:1:\d+: .*TypeError: Cannot read properties of null/],
    ['half a sentence', `export const journey = {`, /\.ts:1:25: Expected identifier but found end of file/],
    [
      'what is not there',
      `import { x } from './x.ts'\nx()`,
      /\.ts:1:\d+: imports \.\/x\.ts, which is not there/,
    ],
    ['what only Node has', `import fs from 'node:fs'\nfs.x()`, /\.ts:1:\d+: imports node:fs, .*not in k6/],
    ['a file to open that is not there', `open('./none.csv')`, /\.ts:1:\d+: .*ENOENT.*none\.csv/],
    ['an end of the process', `globalThis['process'].exit(7)`, /ends the process that reads it \(7\)/],
  ])('is refused with the file, the line and the reason: %s', async (_, text, problem) => {
    await expect(readJourney(await written(text))).rejects.toThrow(problem)
  })

  it('is refused when reading it never ends, with the line', async () => {
    const file = await written(`const x = 1\nfor (;;) { Math.random() }`)
    await expect(readJourney(file, 500)).rejects.toThrow(/\.ts:2:\d+: .*still busy after 0\.5 s/)
  })

  it('names the file that is wrong, not the one that imports it', async () => {
    await written(`type A = number\n\nexport const part: A = (undefined as any).x`, 'broken.ts')
    const file = await written(`import { part } from './broken.ts'\nexport const journey = { part }`)
    await expect(readJourney(file)).rejects.toThrow(/broken\.ts:3:\d+: .*TypeError/)
  })
})
