import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { project } from '../project.ts'
import { readImage, readStages } from './dockerfile.ts'

const text = readFileSync(join(project, 'deploy/Dockerfile'), 'utf8')
const manifestOf = (room: string) => JSON.parse(readFileSync(join(project, room, 'package.json'), 'utf8'))

describe("Worklane's images", () => {
  it('start what was traced for them', () => {
    const building = /FROM manifests AS building\n.*?\n\n/s.exec(text)?.[0] ?? ''
    const traced = [...building.matchAll(/trace\.ts (\S+) (\S+)/g)].map(([, main, built]) => [main, built])
    expect(traced).toHaveLength(3)
    for (const target of ['api', 'worker', 'migrate']) {
      const { copies, command, directory } = readImage(text, target)
      const [copy] = copies.filter(({ from }) => from === 'building')
      expect(copy?.target).toBe(`${directory}/`)
      expect(traced).toContainEqual([command.at(-1), copy?.source])
    }
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
