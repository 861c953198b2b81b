import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { project } from '../project.ts'

const dockerfile = readFileSync(join(import.meta.dirname, 'Dockerfile'), 'utf8')

/** Files and packages that a file needs when it runs, as far as it imports them at once. */
function neededBy(file: string, files = new Set<string>(), packages = new Set<string>()) {
  if (files.has(file)) return { files, packages }
  files.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, clause = '', from = ''] of text.matchAll(/^import\s([^'"]*?)\s*from\s'([^']+)'/gm)) {
    if (clause.startsWith('type ') || from.startsWith('node:')) continue
    const [, room, rest] = /^@headroom\/([^/]+)\/(.+)$/.exec(from) ?? []
    if (from.startsWith('.')) neededBy(join(dirname(file), from), files, packages)
    else if (room && rest) neededBy(join(project, room, rest), files, packages)
    else
      packages.add(
        from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : (from.split('/')[0] ?? from),
      )
  }
  return { files, packages }
}

describe("the collector's image", () => {
  const rooms = [...dockerfile.matchAll(/^COPY (\S+) \1\/$/gm)].map(([, room]) => room)
  const needed = neededBy(
    join(project, 'harness/cli/main.ts'),
    neededBy(join(project, 'harness/cli/commands/collect.ts')).files,
  )
  const files = [...needed.files].map((file) => relative(project, file))
  const { packages } = neededBy(join(project, 'harness/cli/commands/collect.ts'))

  it('holds every file that the collector imports', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(files.filter((file) => !rooms.some((room) => file.startsWith(`${room}/`)))).toEqual([])
  })

  it('installs every package that the collector imports, and none of Worklane', () => {
    const installed = rooms.flatMap((room) => {
      const manifest = join(project, room ?? '', 'package.json')
      expect(existsSync(manifest)).toBe(true)
      return Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).dependencies)
    })
    expect(packages.size).toBeGreaterThan(3)
    expect([...packages].filter((name) => !installed.includes(name))).toEqual([])
    expect([...packages].filter((name) => name.startsWith('@worklane/'))).toEqual([])
    for (const room of rooms) expect(dockerfile).toContain(`--filter @headroom/${room}`)
  })

  it('runs the Node that tests run', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
    const images = [...dockerfile.matchAll(/^FROM node:(\S+)-slim/gm)].map(([, version]) => version)
    expect(new Set(images)).toEqual(new Set([devDependencies.node]))
  })
})
