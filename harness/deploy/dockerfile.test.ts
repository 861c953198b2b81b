import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { project } from '../stack/project.ts'
import { readImage, readStages } from './dockerfile.ts'

const text = readFileSync(join(project, 'deploy/Dockerfile'), 'utf8')
const manifestOf = (room: string) => JSON.parse(readFileSync(join(project, room, 'package.json'), 'utf8'))

/** Files of ours and packages that a file needs when it runs, also those that it loads later. */
function neededBy(file: string, files = new Set<string>(), packages = new Map<string, string>()) {
  if (files.has(file)) return { files, packages }
  files.add(file)
  const code = readFileSync(file, 'utf8').replaceAll(/^\s*(\/\/|\/?\*).*$/gm, '')
  const imports = [
    ...code.matchAll(/^(?:import|export)\s([^'"]*?)\sfrom\s'([^']+)'/gms),
    ...code.matchAll(/^(import)\s+'([^']+)'/gm),
    ...code.matchAll(/(import)\('([^']+)'\)/g),
  ]
  for (const [, clause = '', from = ''] of imports) {
    if (clause.startsWith('type ') || from.startsWith('node:')) continue
    const [, room, rest] = /^@worklane\/([^/]+)\/(.+)$/.exec(from) ?? []
    if (from.startsWith('.') && !from.includes('generated/'))
      neededBy(resolve(dirname(file), from), files, packages)
    else if (room && rest) neededBy(join(project, 'app', room, rest), files, packages)
    else if (!from.startsWith('.')) {
      const [scope = '', name] = from.split('/')
      packages.set(scope.startsWith('@') ? `${scope}/${name}` : scope, relative(project, file))
    }
  }
  return { files, packages }
}

describe("Worklane's images", () => {
  it.each([
    ['api', 'app/api/main.ts'],
    ['worker', 'app/worker/main.ts'],
    ['migrate', 'app/data/migrate.ts'],
  ])('hold every file that the process imports, and every package: %s', (target, main) => {
    const { copies, command } = readImage(text, target)
    expect(command.at(-1)).toBe(main)
    const rooms = copies.filter(({ from }) => from === null).map(({ source }) => source)
    const { files, packages } = neededBy(join(project, main))
    const ours = [...files].map((file) => relative(project, file))
    expect(ours.length).toBeGreaterThan(5)
    expect(ours.filter((file) => !rooms.some((room) => file.startsWith(`${room}/`)))).toEqual([])
    expect(ours.filter((file) => /(^|\/)testing\/|\.test\.ts$/.test(file))).toEqual([])
    const missing = [...packages].filter(([name, file]) => {
      const room = file.split('/').slice(0, 2).join('/')
      return !(name in (manifestOf(room).dependencies ?? {}))
    })
    expect(missing).toEqual([])
  })

  it('would be said to lack a room that is not copied', () => {
    const without = text.replace('COPY app/domain app/domain/\nCOPY app/api', 'COPY app/api')
    expect(without).not.toBe(text)
    const rooms = readImage(without, 'api').copies.map(({ source }) => source)
    const { files } = neededBy(join(project, 'app/api/main.ts'))
    const ours = [...files].map((file) => relative(project, file))
    expect(ours.some((file) => !rooms.some((room) => file.startsWith(`${room}/`)))).toBe(true)
  })

  it('run as a user with a number and without rights, and say when they are well', () => {
    for (const target of ['api', 'web', 'worker', 'edge', 'store']) {
      const { user, healthcheck } = readImage(text, target)
      expect([target, user, healthcheck?.length]).toEqual([target, '10001:10001', expect.any(Number)])
    }
    expect(readImage(text, 'migrate')).toMatchObject({ user: '10001:10001', healthcheck: null })
  })

  it('are made of images with a version, and run the Node that tests run', () => {
    const { devDependencies } = manifestOf('.')
    const bases = new Set([...readStages(text).values()].map(({ base }) => base))
    for (const base of bases) expect(base).toMatch(/^[a-z]+:\d+\.\d+[\w.-]*$/)
    expect([...bases].filter((base) => base.startsWith('node:'))).toEqual([
      `node:${devDependencies.node}-bookworm-slim`,
    ])
  })

  it('know every room whose manifest the lock file speaks of', () => {
    const workspace = readFileSync(join(project, 'pnpm-workspace.yaml'), 'utf8')
    const { packages: rooms } = parse(workspace) as { packages: string[] }
    const copied = readStages(text)
      .get('manifests')
      ?.copies.map(({ source }) => source)
    expect(rooms.length).toBeGreaterThan(10)
    expect(rooms.filter((room) => !copied?.includes(`${room}/package.json`))).toEqual([])
  })
})
