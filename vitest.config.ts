import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const ignored = ['**/node_modules/**', '**/.next/**', '.headroom/**']

/** Much of what these tests take is waiting. vitest wants to know which of its groups come after which. */
const atATime = (maxWorkers: number, groupOrder: number) => ({ maxWorkers, sequence: { groupOrder } })

/** Those that take longest, for their size: vitest begins with the largest files where it has never run. */
const slow = [
  'harness/run/known-bad.e2e.test.ts',
  'harness/gate/counters.e2e.test.ts',
  'app/web/accessibility.e2e.test.ts',
  'harness/history/history.integration.test.ts',
  'app/api/permissions.integration.test.ts',
  'app/worker/kills.integration.test.ts',
  'loadtests/swarm/swarm.integration.test.ts',
  'examples/bookshop/journey.integration.test.ts',
]

/** Begins with what takes long, so that none of it comes last and ends alone. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    const isSlow = ({ moduleId }: TestSpecification) => slow.some((file) => moduleId.endsWith(`/${file}`))
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || Number(isSlow(b)) - Number(isSlow(a)))
  }
}

/** Output is compared as text: colours, which a CI's environment turns on, are no part of it. */
const env = { NO_COLOR: '1' }

/**
 * The zone of these processes; services.ts gives their database another one. Whatever leans on either is half an hour
 * off. The whole stack runs in the machine's own.
 */
const elsewhere = { ...env, TZ: 'Asia/Kolkata' }

/** What takes minutes, or goes by chance, so that more of it finds more: kills at random moments, storms. */
const nightly = '**/*.nightly.*.test.ts'

const withServices = {
  globalSetup: ['./harness/test/generated.ts', './harness/test/services.ts'],
  // Commands and services start here, on a machine that may be busy.
  testTimeout: 90_000,
  expect: { poll: { timeout: 10_000 } },
  hookTimeout: 120_000,
}

const wholeStack = {
  env,
  exclude: ignored,
  testTimeout: 180_000,
  expect: { poll: { timeout: 20_000 } },
  hookTimeout: 300_000,
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          name: 'unit',
          env: elsewhere,
          include: ['**/*.test.ts'],
          exclude: [...ignored, '**/*.integration.test.ts', '**/*.e2e.test.ts'],
          globalSetup: './harness/test/generated.ts',
          // None waits for anything, but the machine may be busy: how long one takes is no result.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          env: elsewhere,
          include: ['**/*.integration.test.ts'],
          exclude: [...ignored, nightly],
          ...withServices,
          ...atATime(3, 1),
        },
      },
      {
        test: {
          ...wholeStack,
          name: 'e2e',
          include: ['**/*.e2e.test.ts'],
          exclude: [...ignored, nightly, '**/*.timed.e2e.test.ts'],
          // Each has its own stack, and no time of theirs counts.
          ...atATime(2, 2),
        },
      },
      {
        test: {
          ...wholeStack,
          name: 'timed',
          include: ['**/*.timed.e2e.test.ts'],
          // Measured again where others disturbed it (harness/test/steady.ts).
          testTimeout: 900_000,
          // One at a time, or they measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'nightly-integration',
          env: elsewhere,
          include: ['**/*.nightly.integration.test.ts'],
          exclude: ignored,
          ...withServices,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          ...wholeStack,
          name: 'nightly-e2e',
          include: ['**/*.nightly.e2e.test.ts'],
          exclude: ignored,
          testTimeout: 900_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
