import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { project } from '../../project.ts'
import type { Guard } from '../../stack/guard.ts'
import { launch } from '../../stack/part.ts'
import { pythonPackage } from '../../toolchain/python.ts'
import type { Cost, Work } from '../cost.ts'
import { type Nothing, watch } from '../nothing.ts'
import { artilleryScript } from './artillery.ts'

export type Peer = { name: string; command: string; args: string[]; env?: Record<string, string> }
/** What a peer is given to do, where it may leave files, and the k6 that is there anyway. */
type Given = { work: Work; origin: string; directory: string; k6: string }

const here = import.meta.dirname

/** By name; making one installs it. */
export const peers: Record<string, (given: Given) => Promise<Peer>> = {
  'k6, one VU a user': async ({ k6 }) => ({
    name: 'k6, one VU a user',
    command: k6,
    args: ['run', '--quiet', '--no-usage-report', '--address', '', join(here, 'plain.k6.js')],
  }),
  Locust: async ({ work, origin }) => ({
    name: 'Locust',
    command: await locust(),
    args: [
      ...['--headless', '--only-summary', '-f', join(here, 'locustfile.py'), '-H', origin],
      ...['-u', String(work.users), '-r', String(work.users / 4), '-t', `${lifetime(work)}s`],
    ],
  }),
  Artillery: async ({ work, origin, directory }) => {
    const script = join(directory, 'artillery.json')
    const { users, thinkMs } = work
    const load = { target: origin, users, thinkSeconds: thinkMs / 1_000, seconds: lifetime(work) }
    await writeFile(script, JSON.stringify(artilleryScript(load)))
    return {
      name: 'Artillery',
      command: await artillery(),
      args: ['run', '--quiet', script],
      env: { ARTILLERY_DISABLE_TELEMETRY: 'true' },
    }
  },
}

/** Seconds; longer than it is watched, so that none ends under our eyes. */
const lifetime = ({ rampMs, durationMs }: Work): number => Math.ceil((rampMs + durationMs) / 1_000) + 5

export async function peerCost(
  guard: Guard,
  nothing: Nothing,
  directory: string,
  peer: Peer,
  work: Work,
): Promise<Cost> {
  const { users, thinkMs, rampMs, durationMs } = work
  const part = launch(guard, {
    name: peer.name,
    command: peer.command,
    args: peer.args,
    cwd: directory,
    logFile: join(directory, `${peer.name.replaceAll(/\W+/g, '-')}.log`),
    env: {
      TARGET: nothing.origin,
      USERS: String(users),
      THINK_SECONDS: String(thinkMs / 1_000),
      SECONDS: String(lifetime(work)),
      ...peer.env,
    },
  })
  const begins = Date.now() + rampMs
  const seen = await watch([part.pid], nothing, begins, begins + durationMs)
  const ended = !part.running()
  await part.stop()
  const missing = ended || !(seen.requestsPerSecond > 0) ? `it ended early, see ${part.logFile}` : null
  return { generator: peer.name, users, ...seen, lagMs: null, missing }
}

/** Where peers are installed: beside the other tools, outside of what is committed. */
const peerHome = join(project, '.headroom/peers')
const artilleryVersion = '2.0.34'
const locustVersion = '2.47.0'

async function artillery(): Promise<string> {
  const home = join(peerHome, `artillery-${artilleryVersion}`)
  const program = join(home, 'node_modules/.bin/artillery')
  const { failed } = await execa(program, ['version'], { reject: false })
  if (failed) {
    await mkdir(home, { recursive: true })
    const quietly = ['--no-save', '--no-audit', '--no-fund']
    await execa('npm', ['install', '--prefix', home, ...quietly, `artillery@${artilleryVersion}`], {
      // It brings a browser engine for a kind of test that is not made here.
      env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' },
    })
  }
  return program
}

const locust = async (): Promise<string> =>
  join(dirname(await pythonPackage({ name: 'locust', version: locustVersion })), 'locust')
