import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const app = join(import.meta.dirname, '../..')

/** A statement that ends or changes sessions, or the key under which the cache holds one. */
const change = /delete\s+from\s+sessions|update\s+sessions|insert\s+into\s+sessions|[`'"]session:/i

/** Source files that hold one; tests and migrations may. */
async function changing(): Promise<string[]> {
  const names = await readdir(app, { recursive: true })
  const sources = names.filter(
    (name) => /\.tsx?$/.test(name) && !/node_modules|\.next|generated|\.test\.|\/testing\//.test(name),
  )
  const found = await Promise.all(
    sources.map(async (name) => (change.test(await readFile(join(app, name), 'utf8')) ? [name] : [])),
  )
  return found.flat().sort()
}

it('sessions are changed in one module, which cannot forget the cache, and their keys are spelt in one', async () => {
  expect(await changing()).toEqual(['domain/forgetting.ts', 'domain/sessions/sessions.ts'])
})

it.each([
  'delete from sessions s',
  'update sessions set',
  'delete\n  from sessions',
  '`session:$' + '{hash}`',
])('a second place with %j would be seen', (text) => expect(text).toMatch(change))
