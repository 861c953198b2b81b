import crypto from 'k6/crypto'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Gauge, Trend } from 'k6/metrics'
import { clearTimeout, setTimeout } from 'k6/timers'
import { type Answer, errorOf, timedOut } from '../checks/answer.ts'
import { ContentCheck } from '../checks/content.ts'
import { exampleOf } from '../checks/example.ts'
import { scheduleLagLimit } from '../generated/limits.ts'
import { type Phase, patience, windowWidth } from '../wire/message.ts'
import {
  isJudged,
  lengthOf,
  presentFrom,
  type Stage,
  type Stretch,
  stretchAt,
  usersAt,
} from '../wire/workloads.ts'
import { Agenda, slotWidthMsFor } from './agenda.ts'
import { type App, draw, drawBelow, type Player, type Request } from './app.ts'
import { Increments, type Sample } from './increments.ts'
import type { Run } from './options.ts'
import { Queue } from './queue.ts'
import { residualThinkTime, thinkTime } from './think.ts'
import { ThinkingUsers } from './thinking-users.ts'

/** k6 has one; its types leave it to the browser's. */
declare const console: { error(text: string): void }

const activeUsers = new Gauge('headroom_active_users')
const askedUsers = new Gauge('headroom_asked_users')
const scheduleLag = new Trend('headroom_schedule_lag', true)
const errors = new Counter('headroom_errors')

/** How far into their journey users are when the run begins, at most; where that is possible. */
const pastSteps = 8
/** Users who arrive within this time are admitted together. Milliseconds. */
const arrivalsTogether = 100
/** Beyond the patience of whoever asked last, for k6 to say so. Milliseconds. */
const overtime = 1_000
/** A board is listened to this long, unless the server ends the stream before. Milliseconds. */
const listening = 60_000
/** What the server tells an EventSource to wait before it comes back. */
const reconnectAfter = 2_000

/** The clock tells whole milliseconds, the last one that began. */
const halfATick = 0.5

type Waiting = { since: number; go: (hasTurn: boolean) => void }

/** What came of a request: how long it took by what is told of it, and whether the step goes on. */
type Outcome = { latency: number; good: boolean }

/** A user whose step is being played, and what they wait for. */
type Asking = { request: Request; due: number }

/**
 * Plays this VU's share of the users until the run ends. Each user waits for the answer before they think
 * (closed loop), and every time is counted from when the step was due, so that neither a slow server nor a
 * late generator can hide waiting.
 */
export async function swarm<User extends Player>(run: Run, app: App<User>): Promise<void> {
  const { vu, scenario } = exec
  const { marks, live } = app
  const { stages } = run
  const startedAt = scenario.startTime
  const endsAt = startedAt + lengthOf(stages)
  let latest = stretchAt(stages, 0)
  /** Nearly always the one that was asked for last. @param time since the start */
  const stretch = (time: number): Stretch => {
    if (time < latest.from || time >= latest.to) latest = stretchAt(stages, time)
    return latest
  }
  const phaseAt = (time: number): Phase => stretch(time - startedAt).stage?.phase ?? 'drain'
  // What does not divide evenly goes to the first VUs.
  const connections = Math.floor(run.connections / run.vus) + Number(vu.idInTest <= run.connections % run.vus)
  const increments = new Increments()
  const content = new ContentCheck()
  const thinkingUsers = new ThinkingUsers<User>(app.columns, Math.ceil(run.users / run.vus))
  const rowOf = ({ place }: User): number => Math.floor(place / run.vus)
  const agenda = new Agenda({ now: Date.now, setTimeout, clearTimeout }, slotWidthMsFor(run.think))
  const waiting = new Queue<Waiting>()
  const playing = new Map<User, Asking>()
  let inFlight = 0
  let streams = 0
  let present = 0
  let lostUsers = 0

  /** The user rests, and then is due. */
  const schedule = (user: User, at: number, from: number) => {
    const row = rowOf(user)
    user.dueAt = agenda.add(row, at, from)
    thinkingUsers.put(row, user)
  }

  const usersThen = (time: number): number => stretch(time).users ?? usersAt(stages, time)

  /** Adds a stretch of a user's time to the phases that it falls into. */
  const spend = (on: 'responding' | 'thinking', from: number, to: number) => {
    const { stage, from: since, to: until } = stretch(from - startedAt)
    if (stage && from - startedAt >= since && to - startedAt <= until) {
      increments.flow(stage.phase)[on] += to - from
      return
    }
    let begins = startedAt
    for (let place = 0; place < stages.length; place++) {
      const { phase, duration } = stages[place] as Stage
      const ends = begins + duration
      const overlap = Math.min(to, ends) - Math.max(from, begins)
      if (overlap > 0) increments.flow(phase)[on] += overlap
      if (to <= ends) return
      begins = ends
    }
  }

  /** A connection's turn: at once while there are some, else when one is free; false for who gave up before. */
  const turn = (since: number): Promise<boolean> | null => {
    if (inFlight < connections) {
      inFlight++
      return null
    }
    return new Promise((go) => void waiting.push({ since, go }))
  }
  const release = () => {
    const next = waiting.shift()
    if (next) next.go(true)
    else inFlight--
  }
  const giveUp = (now: number) => {
    while (waiting.first && now - waiting.first.since >= patience) waiting.shift()?.go(false)
  }

  /**
   * Where a request counts: in the stage in which it was due, or, when it failed, in the first judged one that its user
   * waited into: who is stuck from before on is not served there.
   */
  const countedAt = (due: number, { error, latency }: Sample): number => {
    if (!error) return due
    for (let at = due; at < due + latency; ) {
      const { stage, to } = stretch(at - startedAt)
      if (!stage) return due
      if (isJudged(stage)) return at
      at = startedAt + to
    }
    return due
  }

  const count = (user: User, route: string, due: number, sample: Sample) => {
    const phase = phaseAt(countedAt(due, sample))
    if (sample.error) errors.add(1, { name: route, phase, class: sample.error })
    const window = Math.floor((due - startedAt) / windowWidth)
    increments.answer(phase, window, route, user.userGroup.groups, sample, app.limits[route])
  }

  /** Another tenant's text in an answer, whatever its status; null where there is none. */
  const leakIn = (marks: NonNullable<App<User>['marks']>, user: User, { route }: Request, text: string) => {
    const foreign = marks.foreign(text, marks.own(user))
    if (foreign) increments.leak({ route, user: user.index, canary: foreign })
    return foreign
  }

  /** What is wrong with the content of an answer whose status is good, in words, or null. */
  const problemOf = (
    user: User,
    request: Request,
    sent: Record<string, string>,
    answer: Answer,
    text: string | null,
  ): string | null => {
    const holdsSomething = answer.status < 300 && answer.status !== 204
    const problem = holdsSomething ? content.problem(request, { headers: answer.headers, text }, sent) : null
    if (problem !== null || text === null) return problem
    // A page without the tenant's own text proves nothing about the others'.
    if (marks && request.tenant === true && !text.includes(marks.own(user)))
      return "the tenant's own text is missing"
    if (!request.keep) return null
    try {
      return request.keep(text) ? null : 'keep() returned false'
    } catch (error) {
      return `keep() threw ${error}`
    }
  }

  const send = async (user: User, request: Request, due: number): Promise<Outcome> => {
    const { route } = request
    const askedAt = Date.now()
    const queue = turn(due)
    if (queue && !(await queue)) {
      const latency = Date.now() - due
      count(user, route, due, { latency, ttfb: latency, error: 'timeout', waited: Date.now() - askedAt })
      increments.example(route, 'timeout', () => exampleOf(request, null, 'waited for a connection of ours'))
      return { latency, good: false }
    }
    const sentAt = Date.now()
    const looked = run.scan > 0 && draw(user) < run.scan
    // Only who has a version may be told that there is no other.
    const hasVersion = request.conditional === true && user.seen === request.path
    const headers = headersOf(user, request)
    const answer = await http.asyncRequest(request.method, run.target + request.path, request.body ?? null, {
      headers,
      tags: tagsOf(route, phaseAt(due)),
      // A VU has one cookie jar by default: a cookie set for one user would be sent by the others.
      jar: new http.CookieJar(),
      redirects: 0,
      timeout: Math.max(1, patience - (sentAt - due)),
      responseType: looked || request.keep ? 'text' : 'none',
    })
    release()
    const { status, timings } = answer
    // k6 tells only a part of the time of what has failed: of a refused connection none.
    const latency =
      status === 0 ? Date.now() - due : sentAt + halfATick - due + timings.blocked + timings.duration
    let error = errorOf(answer, request.expect || 200, hasVersion)
    let why = answer.error
    const text = looked || request.keep ? textOf(answer) : null
    // Also in what was cut off.
    if (marks && looked && request.tenant && status !== 304) {
      if (error === null) increments.probe()
      const foreign = leakIn(marks, user, request, [text, ...Object.values(answer.headers)].join('\n'))
      if (foreign) [error, why] = ['leak', `another tenant's text (${foreign})`]
    }
    if (error === null && status !== 304) {
      const problem = problemOf(user, request, headers, answer, text)
      if (problem !== null) [error, why] = ['wrong-content', problem]
    }
    if (request.conditional && error === null && status === 200) remember(user, request.path, answer)
    if (error) increments.example(route, error, () => exampleOf(request, answer, why))
    count(user, route, due, {
      latency,
      error,
      waited: queue ? sentAt - askedAt : 0,
      ttfb: latency - timings.receiving,
    })
    return { latency, good: error === null }
  }

  /** The session's, the request's, and the version that the user has. */
  const headersOf = (user: User, request: Request): Record<string, string> => {
    const headers = request.anonymous ? anonymous() : app.session(user)
    if (request.headers) Object.assign(headers, request.headers)
    if (run.authorization !== '') authorize(headers, run.authorization)
    if (request.conditional && user.seen === request.path) headers['If-None-Match'] = user.seenTag
    return headers
  }

  /** Holds live updates open until the server ends them or nobody listens to the same any more. */
  const follow = async (live: NonNullable<App<User>['live']>, user: User): Promise<void> => {
    const { subject } = live
    const request = live.request(user)
    const listened = subject(user)
    streams++
    const since = Date.now()
    const answer = await http.asyncRequest('GET', run.target + request.path, null, {
      headers: headersOf(user, request),
      tags: tagsOf(request.route, phaseAt(since)),
      jar: new http.CookieJar(),
      redirects: 0,
      // Not beyond the end: an open stream would keep k6 here.
      timeout: `${Math.max(1, Math.min(listening, endsAt - since))}ms`,
      responseType: 'none',
    })
    streams--
    const now = Date.now()
    const { blocked, sending, waiting: untilFirstByte, receiving } = answer.timings
    const isOpen = answer.status !== 0 || receiving > 0
    const ttfb = isOpen ? blocked + sending + untilFirstByte : now - since
    // One that was open when the run ended, or ended with our listening, was no failure.
    const ended = isOpen && timedOut(answer) ? null : errorOf(answer, 200)
    // Nor was one that nobody waited for any longer because the run ended.
    const error = ended === 'timeout' && ttfb < patience ? null : ended
    if (error) increments.example(request.route, error, () => exampleOf(request, answer, answer.error))
    count(user, request.route, since, { latency: ttfb, ttfb, error, waited: 0 })
    if (answer.status === 200) await sleep(reconnectAfter)
    if (Date.now() < endsAt && subject(user) === listened && answer.status === 200) await follow(live, user)
    else user.listens = 'not now'
  }

  const play = async (user: User): Promise<void> => {
    const at = user.dueAt
    increments.lag(phaseAt(at), Date.now() - at, scheduleLagLimit)
    user.step = app.next(user)
    const requests = app.steps[user.step]?.(user, run) ?? []
    let due = at
    let told = 0
    // What would be due after the end is not asked for any more.
    for (let place = 0; place < requests.length && due < endsAt; place++) {
      const request = requests[place] as Request
      playing.set(user, { request, due })
      const { latency, good } = await send(user, request, due)
      told += latency
      if (!good) break
      due = Date.now()
    }
    playing.delete(user)
    const now = Date.now()
    increments.flow(phaseAt(now)).steps++
    // By what is told of the requests, so that Little's law is held against that and not against this clock alone.
    spend('responding', at, at + told)
    tellClock(phaseAt(at), told, now - at)
    if (live && user.listens === 'not now' && live.begins(user)) {
      user.listens = 'now'
      void follow(live, user)
    }
    const faster = user.userGroup.ofNoisyTenant ? (stretch(now - startedAt).stage?.loadMultiplier ?? 1) : 1
    think(user, now, thinkTime(run.think / faster, draw(user), draw(user)))
  }

  const tellClock = (phase: Phase, told: number, clock: number) => {
    const flow = increments.flow(phase)
    flow.ended++
    flow.told += told
    flow.clock += clock
  }

  const think = (user: User, from: number, pause: number) => {
    schedule(user, from + pause, from)
    spend('thinking', from, user.dueAt)
  }

  /** One who came, one whose step is due, or one who is not needed any more and leaves. */
  const wake = (user: User) => {
    if (!user.present) {
      present++
      user.present = true
      think(user, user.dueAt, residualThinkTime(run.think, draw(user), draw(user), draw(user)))
      return
    }
    // A moment later than now: at the very moment at which somebody comes there is not yet one more.
    if (user.place >= usersThen(Date.now() + 1 - startedAt)) {
      present--
      user.present = false
      arrive(user, user.dueAt)
      return
    }
    play(user).catch((error: unknown) => {
      playing.delete(user)
      lostUsers++
      present--
      console.error(`user ${user.index} at "${user.step}": ${error}`)
    })
  }

  const arrive = (user: User, from: number) => {
    const next = presentFrom(stages, user.place, from - startedAt)
    if (next !== null) schedule(user, startedAt + next, from)
  }

  const token = (subject: string): string => {
    if (run.sessionSecret === '')
      throw new Error('HEADROOM_SESSION_SECRET is not set: sessions are made with it')
    return crypto.hmac('sha256', run.sessionSecret, subject, 'base64rawurl')
  }
  let nextPlace = vu.idInTest - 1
  /** When the next user who was not there yet comes; who stands further back never comes earlier. */
  const nextArrival = (): number | null => {
    const next = nextPlace < run.users ? presentFrom(stages, nextPlace, 0) : null
    return next === null ? null : startedAt + next
  }
  /** Users are made when they come: all at once would keep the first ones waiting. */
  const admit = (until: number) => {
    for (let at = nextArrival(); at !== null && at <= until; at = nextArrival()) {
      const user = app.userAt(run, nextPlace, token)
      nextPlace += run.vus
      // Most people who are there at any moment are in the middle of something.
      if (app.beginsInTheMiddle)
        for (let past = drawBelow(user, pastSteps); past >= 0; past--) user.step = app.next(user)
      user.dueAt = at
      wake(user)
    }
  }

  const say = async (final: boolean) => {
    activeUsers.add(present, { vu: String(vu.idInTest) })
    askedUsers.add(run.users)
    if (run.collector === '') return
    const now = { activeUsers: present, inFlight, queued: waiting.length, streams, lostUsers, final }
    await increments.post(run, { vu: vu.idInTest, startedAt, ...now })
  }

  let nextMessage = startedAt + 1_000
  let counted = startedAt
  /** What is to be done beside those who are due. @returns when it is to be done again */
  const onRound = (now: number): number => {
    increments.flow(phaseAt(counted)).present += present * (Math.min(now, endsAt) - counted)
    counted = Math.min(now, endsAt)
    admit(Math.min(now, endsAt - 1))
    giveUp(now)
    if (now >= nextMessage) {
      nextMessage = now + 1_000
      void say(false)
    }
    const until = waiting.first ? waiting.first.since + patience : nextMessage
    // One round for all who come in a slot's time.
    return Math.min(nextMessage, until, Math.max(nextArrival() ?? endsAt, now + arrivalsTogether))
  }
  await agenda.run(endsAt, {
    onRound,
    onDue: (row, dueAt) => {
      scheduleLag.add(Date.now() - dueAt)
      wake(thinkingUsers.take(row))
    },
  })
  onRound(endsAt)
  // Answers that are still on their way belong to steps that were due before: nobody leaves before their patience ends.
  for (const until = endsAt + patience + overtime; playing.size > 0 && Date.now() < until; await sleep(50))
    onRound(Date.now())
  // Streams end with the run, and are counted then.
  for (const until = Date.now() + overtime; streams > 0 && Date.now() < until; ) await sleep(20)
  playing.forEach(({ request, due }, user) => {
    const latency = Date.now() - due
    count(user, request.route, due, { latency, ttfb: latency, error: 'timeout', waited: 0 })
    increments.example(request.route, 'timeout', () => exampleOf(request, null, 'never answered'))
    spend('responding', user.dueAt, user.dueAt + latency)
  })
  await say(true)
}

/** '' where an answer has none: k6 says null. */
const textOf = ({ body }: Answer): string => (typeof body === 'string' ? body : '')

function remember(user: Player, path: string, { headers }: Answer): void {
  user.seenTag = headers.Etag || ''
  user.seen = user.seenTag === '' ? '' : path
}

/** Who asks with a key of their own keeps it. */
function authorize(headers: Record<string, string>, authorization: string): void {
  if (!Object.keys(headers).some((name) => name.toLowerCase() === 'authorization'))
    headers.Authorization = authorization
}

const anonymous = (): Record<string, string> => ({ 'Accept-Encoding': 'gzip' })

const tags: Record<Phase, Record<string, { name: string; phase: Phase }>> = {}

/** The same object for the same route: a new one for each request would be work for nothing. */
function tagsOf(route: string, phase: Phase): { name: string; phase: Phase } {
  let ofPhase = tags[phase]
  if (!ofPhase) {
    ofPhase = {}
    tags[phase] = ofPhase
  }
  let known = ofPhase[route]
  if (!known) {
    known = { name: route, phase }
    ofPhase[route] = known
  }
  return known
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, Math.max(0, milliseconds)))
