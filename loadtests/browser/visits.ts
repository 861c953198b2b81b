import { browser, type Page } from 'k6/browser'
import crypto from 'k6/crypto'
import exec from 'k6/execution'
import { Counter, Trend } from 'k6/metrics'
import { setTimeout } from 'k6/timers'
import { organisationAt, sessionCookieOf, sessionSubject, whaleOf } from '../../fixtures/population.ts'
import { foreignCanary } from '../checks/answer.ts'
import type { Run } from '../swarm/options.ts'
import { labelOf, metrics, type Outcome, parts, visitedPages } from '../wire/visits.ts'
import { lengthOf, stageAt } from '../wire/workloads.ts'
import { holds } from './in-page.ts'
import { type Place, patience, placesOf } from './pages.ts'

const visits = new Counter(metrics.visit)
const finished = new Counter(metrics.finished)
const clicks = new Trend(metrics.click, true)

/** Until what was painted last is known as such: the first interaction ends LCP. Milliseconds. */
const settling = 250
/** Until the browser has told of the frame that answered an interaction. */
const afterwards = 100

/**
 * Visits page after page, round after round, until the run ends. Every visit is a user's first: a context of its
 * own, with nothing cached, so that all are alike.
 * @param beganAt when the run's first stage began, in ms
 */
export async function visitPages(run: Run, beganAt: number): Promise<void> {
  const places = placesOf(run)
  const stageNow = () => stageAt(run.stages, Date.now() - beganAt)?.phase ?? ''
  const endsAt = beganAt + lengthOf(run.stages)
  await warmUp(run, Object.values(places))
  for (let number = 0; Date.now() < endsAt; number++) {
    for (const page of visitedPages) {
      const stage = stageNow()
      if (stage === '') break
      const label = labelOf({ stage, page, number })
      const { outcome, saw } = await visit(run, places[page], label)
      // One that began in a stage and ended in the next says nothing of either.
      const isWithin = stageNow() === stage || !(stage in parts)
      visits.add(1, { visit: label, outcome, saw, within: String(isWithin) })
    }
  }
  finished.add(1)
}

/** Loads each page once, all at the same time: what is wrong with one shows in the visits. */
async function warmUp(run: Run, places: readonly Place[]): Promise<void> {
  const context = await contextOf(run, true)
  const loads: Promise<unknown>[] = []
  for (const { path } of places) {
    // One after the other: k6 confuses pages that open at once.
    const page = await context.newPage()
    loads.push(page.goto(run.target + path, { waitUntil: 'load', timeout: patience }).catch(() => null))
  }
  await Promise.all(loads)
  await context.close()
}

type Seen = { outcome: Outcome; saw: string }

async function visit(run: Run, place: Place, label: string): Promise<Seen> {
  // Without a context there is no browser any more: that ends the visits, and is not the page's fault.
  const context = await contextOf(run, place.isSignedIn)
  const page = await context.newPage()
  // Whatever this page measures belongs to this visit, wherever it has been led to.
  page.on('metric', (metric) => metric.tag({ name: label, matches: [{ url: /./ }] }))
  try {
    await look(run, page, place, label)
    await sleep(afterwards)
    const foreign = foreignCanary(await page.content(), place.isSignedIn ? ownerOf(run).canary : 'cnr-nobody')
    return foreign ? { outcome: 'leak', saw: foreign } : { outcome: 'shown', saw: '' }
  } catch (error) {
    const why = String(error)
      .replaceAll(run.target, '')
      .split('\n')[0]
      ?.replace(/^\w*Error: /, '')
    const where = page.url().replace(run.target, '')
    return { outcome: 'wrong', saw: `${why?.slice(0, 160)}${where === place.path ? '' : ` (at ${where})`}` }
  } finally {
    // Closing is when the page tells its CLS and INP.
    await page.close()
    await context.close()
  }
}

/** Loads the page, proves that it is that one, and does something on it. @throws what was there instead */
async function look(run: Run, page: Page, place: Place, label: string): Promise<void> {
  const address = run.target + place.path
  const answer = await inTime('did not load', page.goto(address, { waitUntil: 'load', timeout: patience }))
  if (answer?.status() !== 200) throw new Error(`answered ${answer?.status()}`)
  if (page.url() !== address) throw new Error('was led elsewhere')
  const shown = page.waitForFunction(holds, { polling: 50, timeout: patience }, place.marker)
  await inTime(`did not show "${place.marker}"`, shown)
  await sleep(settling)
  const milliseconds = await inTime('did not do what was asked of it', place.act(page))
  if (milliseconds !== undefined) clicks.add(milliseconds, { name: label })
  if (page.url() !== run.target + (place.endsAt ?? place.path))
    throw new Error('was led elsewhere by what was done')
}

/** k6 tells of a time-out in the words of its insides. */
const inTime = <T>(words: string, waiting: Promise<T>): Promise<T> =>
  waiting.catch((error: unknown) => {
    throw /timed out/.test(String(error)) ? new Error(`${words} within ${patience / 1000} s`) : error
  })

const ownerOf = ({ population }: Run) => organisationAt(population, whaleOf(population))

/** A browser that has been nowhere yet, with the session of the largest tenant's owner or with none. */
async function contextOf(run: Run, isSignedIn: boolean) {
  const context = await browser.newContext()
  const subject = sessionSubject(run.population, ownerOf(run).firstUser)
  const cookie = {
    url: run.target,
    name: sessionCookieOf(run.target),
    value: crypto.hmac('sha256', run.sessionSecret, subject, 'base64rawurl'),
    secure: run.target.startsWith('https:'),
    httpOnly: true,
  }
  if (isSignedIn) await context.addCookies([cookie])
  return context
}

/** When the run began: the swarm's beginning as the harness tells it, or else k6's own. */
export const beganAt = (): number => Number(__ENV.HEADROOM_BEGAN_AT) || exec.scenario.startTime

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds))
