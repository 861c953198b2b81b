import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { traced } from './trace.ts'

/** A package's name, in which pnpm's directories have a plus for the slash. */
const nameOf = (file: string): string[] =>
  (/node_modules\/\.pnpm\/(@?[^@/]+)@/.exec(file) ?? []).slice(1).map((name) => name.replace('+', '/'))

describe('what an image of a process holds', () => {
  it.each([
    [
      'app/api/main.ts',
      ['app/api/trpc.ts', 'app/domain/operations.ts', 'app/data/blob-store.ts'],
      ['sharp', 'react'],
    ],
    [
      'app/worker/main.ts',
      ['app/worker/relay.ts', 'app/worker/files/thumbnail-process.ts'],
      ['hono', '@bull-board/ui'],
    ],
    [
      'app/data/migrate.ts',
      ['app/data/prepare.ts', 'app/data/roles.ts'],
      ['bullmq', 'hono', 'stripe', 'react'],
    ],
  ])('is what its imports lead to, and no more: %s', async (main, needed, absent) => {
    const files = await traced(main)
    expect(files).toEqual(expect.arrayContaining([main, ...needed]))
    const packages = new Set(files.flatMap(nameOf))
    expect(packages).toContain('pg')
    const never = ['next', 'prisma', 'typescript', 'vitest', ...absent]
    expect(never.filter((name) => packages.has(name))).toEqual([])
    expect(
      files.filter((file) => /\.test\.ts$|(^|\/)testing\//.test(file) && file.startsWith('app/')),
    ).toEqual([])
  })

  it('is of packages that the manifest names beside the code which imports them', async () => {
    const files = (await traced('app/worker/main.ts')).filter((file) => /^app\/.*\.ts$/.test(file))
    const missing: string[] = []
    for (const file of files.filter((name) => !name.includes('/generated/'))) {
      const room = file.split('/').slice(0, 2).join('/')
      const manifest = JSON.parse(await readFile(join(project, room, 'package.json'), 'utf8'))
      const code = await readFile(join(project, file), 'utf8')
      for (const [, clause = '', from = ''] of code.matchAll(/^import\s([^'"]*?)\sfrom\s'([^.'][^']*)'/gms)) {
        const name = from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? '')
        if (clause.startsWith('type ') || from.startsWith('node:') || name in manifest.dependencies) continue
        missing.push(`${file}: ${name}`)
      }
    }
    expect(files.length).toBeGreaterThan(50)
    expect(missing).toEqual([])
  })
})
