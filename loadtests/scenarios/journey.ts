import exec from 'k6/execution'
import { checked } from '../journeys/checked.ts'
import type { Journey } from '../journeys/contract.ts'
import { appOf } from '../journeys/custom.ts'
import { k6Options, readRun } from '../swarm/options.ts'
import { swarm } from '../swarm/swarm.ts'
import { journeyWorkload } from '../wire/workloads.ts'

/**
 * Does an app that is not Worklane keep the limits of its own journey?
 *
 * Model     the journey in the file HEADROOM_JOURNEY: its users, chain, steps and sessions; closed loop
 * Judged    its `workload.duration` of steady load
 * Limits    its `limits`, availability, and isolation where it has `marks`
 * Takes     a minute and a half, unless the file says otherwise
 */
// k6 has it; its types leave it to Node's.
declare const require: (path: string) => { journey?: Journey<unknown> }

const file = __ENV.HEADROOM_JOURNEY
if (!file) throw new Error('HEADROOM_JOURNEY is not set: the path of the file that exports the journey')
const { journey } = require(file)
if (!journey) throw new Error(`HEADROOM_JOURNEY is ${file}, which has no \`export const journey\``)
/** The harness looks for these words (harness/plan/journey/blame.ts). */
const refuse = (what: string): never => {
  exec.test.abort(`headroom journey: ${what.replaceAll(/\s+/g, ' ')}\n`)
  throw new Error(what)
}
const played = checked(journey, refuse)
const run = readRun({ ...journeyWorkload, ...journey.workload }, { population: false })

const thresholds: Record<string, string[]> = {}
for (const [route, limit] of Object.entries(journey.limits))
  thresholds[`http_req_waiting{name:${route},phase:steady}`] = [`p(95)<${limit}`]

export const options = k6Options(run, thresholds)
export default () => swarm(run, appOf(played))
