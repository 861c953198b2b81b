import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Each file of a small wrong house, with the rule that it breaks (a circle is reported at one of its files). */
const wrong: Record<string, { code: string; breaks?: string }> = {
  'app/data/client.ts': { code: "import '../domain/operation.ts'", breaks: 'app-data-imports-one-way' },
  'app/domain/operation.ts': { code: "import '../api/rest.ts'", breaks: 'app-domain-imports-one-way' },
  'app/web/page.ts': { code: "import '../../harness/run/play.ts'", breaks: 'app-web-imports-one-way' },
  'fixtures/users.ts': { code: "import '../seed/copy.ts'", breaks: 'fixtures-imports-one-way' },
  'perf-budgets/slo.ts': { code: "import '../fixtures/users.ts'", breaks: 'perf-budgets-imports-one-way' },
  'loadtests/swarm.ts': { code: "import 'node:fs'", breaks: 'k6-code-imports-files-and-k6-only' },
  'sandbox/server.ts': { code: "import '../harness/run/play.ts'", breaks: 'sandbox-imports-one-way' },
  'harness/run/play.ts': {
    code: "import '../../loadtests/swarm.ts'",
    breaks: 'harness-reads-only-what-is-not-k6',
  },
  'harness/plan/faults.ts': {
    code: "import '../run/play.ts'",
    breaks: 'harness-plan-imports-what-is-below',
  },
  'harness/judge/judge.ts': {
    code: "import type { Gate } from '../gate/gate.ts'",
    breaks: 'harness-judge-imports-what-is-below',
  },
  'harness/gate/gate.ts': { code: "import '../attic/box.ts'", breaks: 'harness-has-no-other-floor' },
  'harness/attic/box.ts': { code: '' },
  'seed/copy.ts': { code: "import './nowhere.ts'", breaks: 'nothing-unresolved' },
  'app/data/blob-store.ts': { code: '' },
  'app/data/blobs.ts': {
    code: "import type { BlobStore } from './blob-store.ts'\nimport './blob-store.ts'",
    breaks: 'object-store-is-loaded-when-asked',
  },
  'app/api/rest.ts': { code: "import './trpc.ts'", breaks: 'no-circles' },
  'app/data/lazy.ts': {
    code: "import type { BlobStore } from './blob-store.ts'\nawait import('./blob-store.ts')",
  },
  'app/api/trpc.ts': { code: "import './rest.ts'" },
}

describe('import directions', () => {
  let house: string
  const found = new Map<string, string[]>()

  beforeAll(async () => {
    house = await mkdtemp(join(tmpdir(), 'headroom-imports-'))
    for (const [file, { code }] of Object.entries(wrong)) {
      await mkdir(dirname(join(house, file)), { recursive: true })
      await writeFile(join(house, file), `${code}\nexport {}\n`)
    }
    const { forbidden, options } = await extractConfig(join(process.cwd(), '.dependency-cruiser.js'))
    const result = await cruise(
      ['app', 'fixtures', 'seed', 'loadtests', 'perf-budgets', 'harness', 'sandbox'],
      {
        ...options,
        baseDir: house,
        validate: true,
        ruleSet: { forbidden },
      },
    )
    if (typeof result.output === 'string') throw new Error(result.output)
    for (const { from, rule } of result.output.summary.violations) {
      found.set(from, [...(found.get(from) ?? []), rule.name])
    }
  })

  afterAll(() => rm(house, { recursive: true, force: true }))

  const rules = Object.entries(wrong).flatMap(([file, { breaks }]) => (breaks ? [{ file, breaks }] : []))

  it('lets the object store be loaded when it is asked', () => {
    expect(found.get('app/data/lazy.ts')).toBeUndefined()
  })

  it.each(rules)('$breaks refuses the wrong import in $file', ({ file, breaks }) => {
    expect(found.get(file) ?? []).toContain(breaks)
  })
})
