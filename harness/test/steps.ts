/** EX_UNAVAILABLE of sysexits.h: what the step needs is not on this machine. */
export const notHere = 69

export type Step = {
  name: string
  /** What a failure of this step means, in the words of the one who has to fix it. */
  about: string
  command: [string, ...string[]]
  /**
   * How many tests the step counts for: one as a whole, or those in vitest's JSON report. A load test counts for one,
   * and has passed as well where all it says is that others used the machine. What only some machines can do counts for
   * none where it ends with `notHere`, and says so.
   */
  counts: 'one' | 'vitest' | 'loadtest' | 'where possible'
  /** Takes too long for every change: run by its name, or by `pnpm test nightly`. */
  isNightly?: true
}

const vitest = (project: string, about: string): Step => ({
  name: project,
  about,
  command: ['vitest', 'run', '--project', project],
  counts: 'vitest',
})

/** Everything `pnpm test` runs, in order: the cheap checks first, the whole stack last, and then what is for the night. */
export const steps: readonly Step[] = [
  {
    name: 'lint',
    about: 'fix with `pnpm format`, see the rest with `pnpm lint`',
    command: ['biome', 'check', '--error-on-warnings', '.'],
    counts: 'one',
  },
  {
    name: 'types',
    about: 'the types of every room (Node, Next, k6)',
    command: ['node', 'harness/cli/main.ts', 'check', 'types'],
    counts: 'one',
  },
  {
    name: 'imports',
    about: 'imports point one way (.dependency-cruiser.js says which)',
    command: ['node', 'harness/cli/main.ts', 'check', 'imports'],
    counts: 'one',
  },
  {
    name: 'unused',
    about: 'files, exports or packages that nobody uses: remove them, or say in knip.json what runs them',
    command: ['node', 'harness/cli/main.ts', 'check', 'unused'],
    counts: 'one',
  },
  {
    name: 'generated',
    about: 'fix with `pnpm generate`',
    command: ['node', 'harness/cli/main.ts', 'generate', '--check'],
    counts: 'one',
  },
  vitest('unit', 'pure code, no services'),
  vitest('integration', 'against a real Postgres, Redis, nginx, k6 and Prometheus'),
  vitest('e2e', 'the whole stack: in a real browser, counted, and runs that must go red'),
  vitest('timed', 'load runs and Lighthouse whose times count, one at a time'),
  {
    name: 'images',
    about: 'deploy/Dockerfile cannot be built',
    command: ['node', 'harness/cli/main.ts', 'deployment', 'images'],
    counts: 'where possible',
  },
  {
    name: 'smoke',
    about: 'k6 through the edge, judged against perf-budgets/slo.ts',
    command: ['node', 'harness/cli/main.ts', 'loadtest', 'smoke'],
    counts: 'loadtest',
  },
  {
    ...vitest('nightly-integration', 'kills at random moments, with their known-bad cases'),
    isNightly: true,
  },
  {
    ...vitest('nightly-e2e', 'the whole stack under kills, under a storm of webhooks, beside 10,000 jobs'),
    isNightly: true,
  },
]
