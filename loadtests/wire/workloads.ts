/**
 * What each scenario plays. Its file in scenarios/ says why; this one has no k6 in it, so that the harness reads
 * the same. Times are milliseconds.
 */
export type Workload = {
  /** The most users at once. */
  users: number
  /** Mean think time between two steps. */
  think: number
  /** Users arrive over this time; not judged. */
  ramp: number
  /** All judged stages together. */
  duration: number
  /** The share of answers whose text is looked through for other tenants' canaries. */
  scan: number
  /** The share of users who hold the live updates of their board open. */
  streams: number
  shape: Shape
}

export type Shape = 'steady' | 'scan' | 'stress' | 'spike' | 'noisy-tenant' | 'beside' | 'storm'

/** steady: every limit. errors: availability and isolation alone. none: told, not judged. */
type Judged = 'all' | 'errors' | 'none'

/** A stretch of a run, in which the number of users goes in a straight line to `users`. */
export type Stage = {
  phase: string
  duration: number
  /** Users at its end. */
  users: number
  /** How much faster than the others the people of the largest tenant act. */
  loadMultiplier: number
  judged: Judged
}

/** Whether anything of it counts. */
export const isJudged = ({ judged }: Pick<Stage, 'judged'>): boolean => judged !== 'none'

type Lengths = Pick<Workload, 'users' | 'ramp' | 'duration' | 'shape'>

const stage = (
  phase: string,
  duration: number,
  users: number,
  judged: Judged = 'none',
  loadMultiplier = 1,
): Stage => ({
  phase,
  judged,
  loadMultiplier,
  duration: Math.round(duration),
  users: Math.round(users),
})

const stressSteps = 5
/** From one jump to the next the queues of the last one empty. */
const settling = 0.1
/** From one pace to the next. */
const hurrying = 0.2

const shapes: Record<Shape, (of: Lengths) => Stage[]> = {
  steady: ({ users, ramp, duration }) => [
    stage('ramp', ramp, users),
    stage('steady', duration, users, 'all'),
  ],
  // What answers hold is the question, not how long they take: looking through all of them costs as much as asking.
  scan: ({ users, ramp, duration }) => [
    stage('ramp', ramp, users),
    stage('steady', duration, users, 'errors'),
  ],
  // Equal steps up to more than there should be, and down again: what counts is that it comes back, so that half of
  // the time, and samples enough of every route, are for that.
  stress: ({ users, ramp, duration }) => {
    const each = duration / 2 / stressSteps
    const up = Array.from({ length: stressSteps }, (_, step) => {
      const share = (users * (step + 1)) / stressSteps
      return [stage(`to-${step + 1}`, ramp / stressSteps, share), stage(`step-${step + 1}`, each, share)]
    })
    const [first] = up as [Stage[]]
    const low = first[1]?.users ?? users
    return [
      ...up.flat(),
      stage('settling', duration * settling, low),
      stage('recovery', duration / 2, low, 'all'),
    ]
  },
  // A fifth of the users, all of them within seconds, and a fifth again.
  spike: ({ users, ramp, duration }) => {
    const few = users / 5
    return [
      stage('ramp', ramp, few),
      stage('before', duration / 4, few, 'errors'),
      stage('rush', Math.min(5_000, ramp), users),
      stage('spike', duration / 4, users, 'errors'),
      stage('settling', duration * settling, few),
      stage('recovery', duration / 2, few, 'all'),
    ]
  },
  // The others go on as before while one tenant does more and more.
  'noisy-tenant': ({ users, ramp, duration }) => {
    const each = duration / 3
    return [
      stage('ramp', ramp, users),
      stage('x1', each, users, 'all', 1),
      // Who is thinking already ends that thought first.
      stage('to-x5', duration * hurrying, users, 'none', 5),
      stage('x5', each, users, 'all', 5),
      stage('to-x20', duration * hurrying, users, 'none', 20),
      stage('x20', each, users, 'all', 20),
    ]
  },
  // As many all the time: first alone, then while a month ends.
  storm: ({ users, ramp, duration }) => [
    stage('ramp', ramp, users),
    stage('before', duration / 3, users, 'errors'),
    stage('storm', (duration * 2) / 3, users, 'all'),
  ],
  // Nobody for as long as the swarm plays later: what is beside it measures itself without first.
  beside: ({ users, ramp, duration }) => [
    stage('alone', duration, 0),
    stage('ramp', ramp, users),
    // On one machine the browser takes the CPU that answers wait for.
    stage('steady', duration, users, 'errors'),
  ],
}

/** The stages of a run, one after the other from its start. */
export const stagesOf = (workload: Lengths): Stage[] => shapes[workload.shape](workload)

export const lengthOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { duration }) => sum + duration, 0)

/** The stage at a time since the start; null after the last. */
export function stageAt(stages: readonly Stage[], time: number): Stage | null {
  // By index, here and below: k6 asks for it with each request, and an iterator costs it more than the rest.
  let from = 0
  for (let place = 0; place < stages.length; place++) {
    const stage = stages[place] as Stage
    from += stage.duration
    if (time < from) return stage
  }
  return null
}

/** A stage, and when it is: ms since the start. */
export type Stretch = {
  from: number
  to: number
  stage: Stage | null
  /** How many users there are all the time; null while they come or go, and after the last stage. */
  users: number | null
}

/** The stage at a time since the start with its bounds, so that who asks often need not look again. */
export function stretchAt(stages: readonly Stage[], time: number): Stretch {
  let from = 0
  let before = 0
  for (let place = 0; place < stages.length; place++) {
    const stage = stages[place] as Stage
    const to = from + stage.duration
    if (time < to) return { from, to, stage, users: stage.users === before ? before : null }
    from = to
    before = stage.users
  }
  return { from, to: Number.POSITIVE_INFINITY, stage: null, users: null }
}

/** How many users there are at a time since the start. */
export function usersAt(stages: readonly Stage[], time: number): number {
  let from = 0
  let before = 0
  for (let place = 0; place < stages.length; place++) {
    const { duration, users } = stages[place] as Stage
    if (time < from + duration) return before + ((users - before) * (time - from)) / duration
    from += duration
    before = users
  }
  return before
}

/** When there is a k-th user (from 0) next, from a time on; null when there is none any more. */
export function presentFrom(stages: readonly Stage[], k: number, time: number): number | null {
  let from = 0
  let before = 0
  for (let place = 0; place < stages.length; place++) {
    const { duration, users } = stages[place] as Stage
    const to = from + duration
    if (time < to) {
      const now = Math.max(time, from)
      if (usersAt(stages, now) > k) return now
      if (users > k) return from + (duration * (k - before)) / (users - before)
    }
    from = to
    before = users
  }
  return null
}

export const workloads = {
  smoke: {
    users: 80,
    think: 2_500,
    ramp: 12_000,
    duration: 70_000,
    scan: 1,
    streams: 0.25,
    shape: 'steady',
  },
  routes: {
    users: 120,
    think: 2_500,
    ramp: 15_000,
    duration: 120_000,
    scan: 1,
    streams: 0,
    shape: 'steady',
  },
  load: {
    users: 2_000,
    think: 60_000,
    ramp: 30_000,
    duration: 120_000,
    scan: 0.1,
    streams: 0.05,
    shape: 'steady',
  },
  '100k': {
    users: 100_000,
    think: 60_000,
    ramp: 120_000,
    duration: 180_000,
    scan: 0.05,
    streams: 0.02,
    shape: 'steady',
  },
  stress: {
    users: 10_000,
    think: 60_000,
    ramp: 60_000,
    duration: 240_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'stress',
  },
  spike: {
    users: 5_000,
    think: 50_000,
    ramp: 20_000,
    duration: 320_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'spike',
  },
  soak: {
    users: 1_500,
    think: 60_000,
    ramp: 60_000,
    duration: 1_800_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'steady',
  },
  capacity: {
    users: 3_000,
    think: 60_000,
    ramp: 15_000,
    duration: 60_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'steady',
  },
  isolation: {
    users: 120,
    think: 2_500,
    ramp: 10_000,
    duration: 60_000,
    scan: 1,
    streams: 0.25,
    shape: 'scan',
  },
  'noisy-neighbour': {
    users: 500,
    think: 20_000,
    ramp: 15_000,
    duration: 120_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'noisy-tenant',
  },
  browser: {
    users: 80,
    think: 10_000,
    ramp: 15_000,
    duration: 120_000,
    scan: 0.1,
    streams: 0.05,
    shape: 'beside',
  },
  'billing-storm': {
    users: 2_000,
    think: 60_000,
    ramp: 30_000,
    duration: 330_000,
    scan: 0.05,
    streams: 0.05,
    shape: 'storm',
  },
} as const satisfies Record<string, Workload>

/** What is played of an app that is not Worklane, where its journey says nothing else. */
export const journeyWorkload = {
  users: 100,
  think: 5_000,
  ramp: 10_000,
  duration: 60_000,
  scan: 1,
  streams: 0,
  shape: 'steady',
} as const satisfies Workload

/** Requests that a step makes, on average over the journeys of Worklane. */
export const requestsPerStep = 1.2

export type ScenarioName = keyof typeof workloads

/** Users that one VU plays: enough to share its wake-ups, few enough for its one thread. */
const usersPerVu = 25_000

/** How many VUs play so many users in so many k6 processes, each of which gets as many of them. */
export const vusFor = (users: number, shards = 1): number =>
  shards * Math.ceil(Math.max(1, users / usersPerVu) / shards)
