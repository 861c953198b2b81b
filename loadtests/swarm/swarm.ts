import crypto from 'k6/crypto'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Gauge, Trend } from 'k6/metrics'
import { setTimeout } from 'k6/timers'
import { errorOf, foreignCanary } from '../checks/answer.ts'
import { nextStep } from '../journeys/journey.ts'
import { type Request, steps } from '../journeys/steps.ts'
import type { Phase } from '../wire/message.ts'
import { Increments } from './increments.ts'
import { connectionsPerVu, type Run } from './options.ts'
import { residualThinkTime, thinkTime } from './think.ts'
import { createUser, draw, drawBelow, ownCanary, type User } from './user.ts'

const activeUsers = new Gauge('headroom_active_users')
const askedUsers = new Gauge('headroom_asked_users')
const scheduleLag = new Trend('headroom_schedule_lag', true)
const errors = new Counter('headroom_errors')

/** Due times fall on multiples of this, so that one timer a VU wakes for all users of a slot. Milliseconds. */
const slotWidth = 100
/** How far into their journey users are when the run begins, at most. */
const pastSteps = 8
const requestTimeout = '30s'
const drainTime = 5_000

type Due = { user: User; at: number }

/**
 * Plays this VU's share of the users until the run ends. Each user waits for the answer before they think
 * (closed loop), and every time is counted from when the step was due, so that neither a slow server nor a
 * late generator can hide waiting.
 */
export async function swarm(run: Run): Promise<void> {
  const { vu, scenario, instance } = exec
  const vus = instance.vusInitialized
  const startedAt = scenario.startTime
  const steadyAt = startedAt + run.ramp
  const endsAt = steadyAt + run.duration
  const phaseAt = (time: number): Phase => (time < steadyAt ? 'ramp' : time < endsAt ? 'steady' : 'drain')

  const increments = new Increments()
  const slots = new Map<number, Due[]>()
  const waiting: (() => void)[] = []
  let inFlight = 0

  const schedule = (user: User, at: number) => {
    const slot = Math.ceil(at / slotWidth)
    const due = { user, at: slot * slotWidth }
    const others = slots.get(slot)
    if (others) others.push(due)
    else slots.set(slot, [due])
  }

  /** A connection's turn: at once while there are some, else when one is free. */
  const turn = (): Promise<void> | null => {
    if (inFlight++ < connectionsPerVu) return null
    return new Promise((resolve) => void waiting.push(resolve))
  }
  const release = () => {
    inFlight--
    const next = waiting.shift()
    if (next) next()
  }

  const send = async (user: User, request: Request, due: number): Promise<boolean> => {
    const { route } = request
    const queue = turn()
    if (queue) await queue
    const sentAt = Date.now()
    const phase = phaseAt(due)
    const scan = request.tenant === true && draw(user) < run.scan
    const answer = await http.asyncRequest(request.method, run.target + request.path, request.body ?? null, {
      headers: user.headers[request.as],
      tags: tagsOf(route, phase),
      // A VU has one cookie jar by default: a cookie set for one user would be sent by the others.
      jar: new http.CookieJar(),
      redirects: 0,
      timeout: requestTimeout,
      responseType: scan ? 'text' : 'none',
    })
    release()
    const { blocked, connecting, tls_handshaking, duration, receiving } = answer.timings
    const latency = sentAt - due + blocked + connecting + tls_handshaking + duration
    let error = errorOf(answer, request.expect || 200)
    if (scan && error === null) {
      increments.probe()
      const text = String(answer.body)
      const foreign = foreignCanary(text, ownCanary(user))
      if (foreign) {
        error = 'leak'
        increments.leak({ route, user: user.index, canary: foreign })
      } else if (!text.includes(ownCanary(user))) {
        // A page without the tenant's own text proves nothing about the others'.
        error = 'wrong-content'
      }
    }
    if (error) errors.add(1, { name: route, phase, class: error })
    increments.answer(phase, route, { latency, ttfb: latency - receiving }, error)
    return error === null
  }

  const play = async ({ user, at }: Due): Promise<void> => {
    increments.lag(phaseAt(at), Date.now() - at)
    user.step = nextStep(user)
    let due = at
    for (const request of steps[user.step]?.(run, user) ?? []) {
      if (!(await send(user, request, due))) break
      due = Date.now()
    }
    schedule(user, Date.now() + thinkTime(run.think, draw(user), draw(user)))
  }

  const tokenOf = (subject: string) => crypto.hmac('sha256', run.sessionSecret, subject, 'base64rawurl')
  const arrivals: number[] = []
  for (let k = vu.idInTest - 1; k < run.users; k += vus) {
    const user = createUser(run, k, tokenOf)
    // Most people who are there at any moment are in the middle of something.
    for (let past = drawBelow(user, pastSteps); past >= 0; past--) user.step = nextStep(user)
    const arrival = startedAt + (run.ramp * k) / run.users
    arrivals.push(arrival)
    schedule(user, arrival + residualThinkTime(run.think, draw(user), draw(user), draw(user)))
  }
  let active = 0
  const countActive = (now: number) => {
    while (active < arrivals.length && (arrivals[active] as number) <= now) active++
    return active
  }

  const say = async (final: boolean) => {
    const active = countActive(Date.now())
    // One gauge a VU: without the tag the last to speak would speak for all.
    askedUsers.add(run.users)
    activeUsers.add(active, { vu: String(vu.idInTest) })
    if (run.collector === '') return
    await increments.post(run.collector, {
      ...{ vu: vu.idInTest, startedAt, activeUsers: active, final },
      inFlight: Math.min(inFlight, connectionsPerVu),
      queued: waiting.length,
    })
  }

  let nextMessage = startedAt + 1_000
  let slot = Math.floor(Date.now() / slotWidth)
  for (let now = Date.now(); now < endsAt; now = Date.now()) {
    for (const current = Math.floor(now / slotWidth); slot <= current; slot++) {
      const due = slots.get(slot)
      if (!due) continue
      slots.delete(slot)
      scheduleLag.add(now - slot * slotWidth)
      for (const each of due) void play(each)
    }
    if (now >= nextMessage) {
      nextMessage += 1_000
      void say(false)
    }
    await sleep(nextWake(slots, slot, Math.min(nextMessage, endsAt)) - Date.now())
  }
  // Answers that are still on their way belong to steps of the steady phase.
  for (const patience = Date.now() + drainTime; inFlight > 0 && Date.now() < patience; ) await sleep(50)
  await say(true)
}

/** When the next users are due, or something else is; an empty slot wakes nobody. */
function nextWake(slots: Map<number, unknown>, from: number, latest: number): number {
  for (let slot = from; slot * slotWidth < latest; slot++) if (slots.has(slot)) return slot * slotWidth
  return latest
}

const tags: Record<string, Record<string, { name: string; phase: Phase }>> = {
  ramp: {},
  steady: {},
  drain: {},
}

/** The same object for the same route: a new one for each request would be work for nothing. */
function tagsOf(route: string, phase: Phase): { name: string; phase: Phase } {
  const ofPhase = tags[phase] as Record<string, { name: string; phase: Phase }>
  let known = ofPhase[route]
  if (!known) {
    known = { name: route, phase }
    ofPhase[route] = known
  }
  return known
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, Math.max(0, milliseconds)))
