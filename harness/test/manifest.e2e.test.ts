import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathsWithoutBudget } from '@headroom/perf-budgets/check.ts'
import { withoutLimit } from '@headroom/perf-budgets/slo.ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { buildWeb } from '../stack/build.ts'

/** What Next itself says that it answers: a handler is no page, and a folder may be named so that nobody sees it. */
describe('what Next answers', () => {
  let paths: string[]

  beforeAll(async () => {
    const { directory } = await buildWeb(() => {})
    const manifest = join(directory, 'app/web/.next/app-path-routes-manifest.json')
    paths = Object.values(
      z.record(z.string(), z.string()).parse(JSON.parse(await readFile(manifest, 'utf8'))),
    )
  })

  it('has a limit, or a reason for none', () => {
    expect(paths).toContain('/dashboard')
    expect(pathsWithoutBudget(paths)).toEqual([])
  })

  it('is there where a reason says so', () => {
    expect(Object.keys(withoutLimit).filter((path) => !paths.includes(path))).toEqual([])
  })
})
