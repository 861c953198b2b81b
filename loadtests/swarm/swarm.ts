import crypto from 'k6/crypto'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Gauge, Trend } from 'k6/metrics'
import { setTimeout } from 'k6/timers'
import { type Answer, errorOf, timedOut } from '../checks/answer.ts'
import { type ErrorClass, type Phase, windowWidth } from '../wire/message.ts'
import { lengthOf, presentFrom, type Stage, type Stretch, stretchAt, usersAt } from '../wire/workloads.ts'
import { type App, draw, drawBelow, type Player, type Request } from './app.ts'
import { Increments } from './increments.ts'
import { connectionsOf, type Run } from './options.ts'
import { Queue } from './queue.ts'
import { Resting } from './resting.ts'
import { residualThinkTime, thinkTime } from './think.ts'

/** k6 has one; its types leave it to the browser's. */
declare const console: { error(text: string): void }

const activeUsers = new Gauge('headroom_active_users')
const askedUsers = new Gauge('headroom_asked_users')
const scheduleLag = new Trend('headroom_schedule_lag', true)
const errors = new Counter('headroom_errors')

/** Due times fall on multiples of this, so that one timer a VU wakes for all users of a slot. Milliseconds. */
const slotWidth = 100
/** How far into their journey users are when the run begins, at most. */
const pastSteps = 8
/** Nobody waits longer than this for an answer, nor for a connection to ask for it. Milliseconds. */
const patience = 30_000
const requestTimeout = `${patience / 1000}s`
const drainTime = 5_000
/** A board is listened to this long, unless the server ends the stream before. Milliseconds. */
const listening = 60_000
/** What the server tells an EventSource to wait before it comes back. */
const reconnectAfter = 2_000

type Waiting = { since: number; go: (hasTurn: boolean) => void }

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
  const connections = connectionsOf(run)
  const increments = new Increments()
  const resting = new Resting<User>(app.columns, Math.ceil(run.users / run.vus))
  const rowOf = ({ place }: User): number => Math.floor(place / run.vus)
  /** Who is due when, by their rows. */
  const slots = new Map<number, number[]>()
  const waiting = new Queue<Waiting>()
  const playing = new Set<User>()
  /** The next that has not begun. */
  let slot = Math.floor(startedAt / slotWidth)
  let inFlight = 0
  let streams = 0
  let present = 0
  let lostUsers = 0

  /** The user rests, and then is due; a slot that has begun already is played with the next one. */
  const schedule = (user: User, at: number) => {
    const due = Math.max(Math.ceil(at / slotWidth), slot)
    user.dueAt = due * slotWidth
    const row = rowOf(user)
    const others = slots.get(due)
    if (others) others.push(row)
    else slots.set(due, [row])
    resting.put(row, user)
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
    while (waiting.first && now - waiting.first.since > patience) waiting.shift()?.go(false)
  }

  const count = (
    user: User,
    route: string,
    due: number,
    ttfb: number,
    latency: number,
    error: ErrorClass | null,
  ) => {
    const phase = phaseAt(due)
    if (error) errors.add(1, { name: route, phase, class: error })
    const window = Math.floor((due - startedAt) / windowWidth)
    increments.answer(phase, window, route, user.kin.groups, latency, ttfb, error)
  }

  /** What a tenant's answer shows: text of another, or not even the tenant's own. */
  const look = (
    { own, foreign: foreignIn }: NonNullable<App<User>['marks']>,
    user: User,
    { route, tenant }: Request,
    text: string,
  ): ErrorClass | null => {
    increments.probe()
    const foreign = foreignIn(text, own(user))
    if (foreign) {
      increments.leak({ route, user: user.index, canary: foreign })
      return 'leak'
    }
    // A page without the tenant's own text proves nothing about the others'.
    return tenant === 'may' || text.includes(own(user)) ? null : 'wrong-content'
  }

  const send = async (user: User, request: Request, due: number): Promise<boolean> => {
    const { route } = request
    const queue = turn(due)
    if (queue && !(await queue)) {
      const waited = Date.now() - due
      count(user, route, due, waited, waited, 'timeout')
      return false
    }
    const sentAt = Date.now()
    const scan = marks !== undefined && request.tenant && draw(user) < run.scan
    const answer = await http.asyncRequest(request.method, run.target + request.path, request.body ?? null, {
      headers: headersOf(user, request),
      tags: tagsOf(route, phaseAt(due)),
      // A VU has one cookie jar by default: a cookie set for one user would be sent by the others.
      jar: new http.CookieJar(),
      redirects: 0,
      timeout: requestTimeout,
      responseType: scan || request.keep ? 'text' : 'none',
    })
    release()
    const latency = sentAt - due + spent(answer)
    const { status } = answer
    let error = errorOf(answer, request.expect || 200, request.conditional)
    if (request.conditional && status === 200) remember(user, request.path, answer)
    if (scan && error === null && status !== 304)
      error = look(marks, user, request, `${answer.body}${Object.values(answer.headers).join('\n')}`)
    if (request.keep && error === null && !request.keep(`${answer.body}`)) error = 'wrong-content'
    count(user, route, due, latency - answer.timings.receiving, latency, error)
    return error === null
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
    // What was open when the run ended, or ended with our patience, was no failure; k6 tells nothing more of it.
    if (!timedOut(answer) && now < endsAt) {
      const { receiving } = answer.timings
      const ttfb = spent(answer) - receiving
      count(user, request.route, since, ttfb, ttfb, errorOf(answer, 200))
    }
    if (answer.status === 200) await sleep(reconnectAfter)
    if (Date.now() < endsAt && subject(user) === listened && answer.status === 200) await follow(live, user)
    else user.listens = 'not now'
  }

  const play = async (user: User): Promise<void> => {
    const at = user.dueAt
    const phase = phaseAt(at)
    increments.lag(phase, Date.now() - at)
    playing.add(user)
    user.step = app.next(user)
    const requests = app.steps[user.step]?.(user, run) ?? []
    let due = at
    for (let place = 0; place < requests.length; place++) {
      if (!(await send(user, requests[place] as Request, due))) break
      due = Date.now()
    }
    playing.delete(user)
    const now = Date.now()
    increments.flow(phaseAt(now)).steps++
    spend('responding', at, now)
    if (live && user.listens === 'not now' && live.begins(user)) {
      user.listens = 'now'
      void follow(live, user)
    }
    const faster = user.kin.crowd ? (stretch(now - startedAt).stage?.crowd ?? 1) : 1
    think(user, now, thinkTime(run.think / faster, draw(user), draw(user)))
  }

  const think = (user: User, from: number, pause: number) => {
    schedule(user, from + pause)
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
    if (user.place >= usersThen(user.dueAt - startedAt)) {
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
    if (next !== null) schedule(user, startedAt + next)
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
  for (let now = Date.now(); now < endsAt; now = Date.now()) {
    increments.flow(phaseAt(counted)).present += present * (now - counted)
    counted = now
    admit(now)
    for (const current = Math.floor(now / slotWidth); slot <= current; slot++) {
      const due = slots.get(slot)
      if (!due) continue
      slots.delete(slot)
      scheduleLag.add(now - slot * slotWidth)
      for (let place = 0; place < due.length; place++) wake(resting.take(due[place] as number))
    }
    giveUp(now)
    if (now >= nextMessage) {
      nextMessage += 1_000
      void say(false)
    }
    const arrival = nextArrival() ?? endsAt
    // A slot at a time, however many come in it.
    const latest = Math.min(nextMessage, endsAt, Math.max(arrival, now + slotWidth))
    await sleep(nextWake(slots, slot, latest) - Date.now())
  }
  increments.flow(phaseAt(counted)).present += present * Math.max(0, endsAt - counted)
  // Answers that are still on their way belong to steps that were due before.
  for (const until = Date.now() + drainTime; playing.size > 0 && Date.now() < until; ) await sleep(50)
  playing.forEach((user) => {
    spend('responding', user.dueAt, endsAt)
  })
  await say(true)
}

const spent = ({ timings }: Answer): number =>
  timings.blocked + timings.connecting + timings.tls_handshaking + timings.duration

function remember(user: Player, path: string, { headers }: Answer): void {
  user.seenTag = headers.Etag || ''
  user.seen = user.seenTag === '' ? '' : path
}

/** When the next users are due, or something else is; an empty slot wakes nobody. */
function nextWake(slots: Map<number, unknown>, from: number, latest: number): number {
  for (let slot = from; slot * slotWidth < latest; slot++) if (slots.has(slot)) return slot * slotWidth
  return latest
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
