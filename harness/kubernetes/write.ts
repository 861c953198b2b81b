import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { execa } from 'execa'
import { stringify } from 'yaml'
import { type Order, orderText } from '../collect/order.ts'
import { environmentOf } from '../plan/environment.ts'
import { UsageError } from '../plan/usage.ts'
import { project } from '../project.ts'
import {
  type Cluster,
  collectorDeployment,
  collectorService,
  collectorUrl,
  files,
  kustomization,
  testRun,
} from './manifests.ts'
import { readme } from './readme.ts'

export type Written = Cluster & { directory: string; sessionSecret: string; k6: string }

/** Kubernetes holds no more in a ConfigMap. */
const mostBytes = 1024 ** 2

/**
 * Writes all that a cluster needs to play a plan, in a directory that appears at once.
 * @throws UsageError when the archive is too large for a ConfigMap
 */
export async function writeCluster(written: Written): Promise<void> {
  const directory = resolve(written.directory)
  const staging = await mkdir(dirname(directory), { recursive: true })
    .then(() => mkdtemp(`${directory}.partial-`))
    .catch(({ code }: NodeJS.ErrnoException) => {
      throw new UsageError(
        `--kubernetes ${directory} cannot be written (${code})`,
        'give a directory in one of yours',
      )
    })
  try {
    await writeInto(staging, written)
    // Over an empty directory as well.
    await rename(staging, directory)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw error
  }
}

async function writeInto(staging: string, written: Written): Promise<void> {
  const { order, sessionSecret, k6 } = written
  await archive(k6, order, join(staging, files.archive))
  const texts: Record<string, string> = {
    [files.testRun]: yaml(testRun(written)),
    [files.collector]: [collectorDeployment(written), collectorService(written)].map(yaml).join('---\n'),
    [files.kustomization]: yaml(kustomization(written)),
    [files.plan]: orderText(order),
    'README.md': readme(written),
    '.gitignore': `${files.secret}\n`,
  }
  for (const [name, text] of Object.entries(texts)) await writeFile(join(staging, name), text)
  await writeFile(join(staging, files.secret), secretText(sessionSecret), { mode: 0o600 })
}

/** Without YAML's references, which hide what is where. */
export const yaml = (manifest: object): string => stringify(manifest, { aliasDuplicateObjects: false })

/** Kustomize reads a line a secret, as it is. */
function secretText(sessionSecret: string): string {
  if (/[\r\n]/.test(sessionSecret))
    throw new UsageError(
      'HEADROOM_SESSION_SECRET holds a line break',
      'seed the target with one that does not',
    )
  const token = randomBytes(32).toString('base64url')
  return `HEADROOM_SESSION_SECRET=${sessionSecret}\nHEADROOM_COLLECTOR_TOKEN=${token}\n`
}

/** The scenario, what it imports, and its options for this workload; the secret is none of it. */
async function archive(k6: string, order: Order, file: string): Promise<void> {
  const { target, plan } = order
  const sessionSecret = 'which the environment of the runner gives'
  const env = environmentOf(plan, { target, sessionSecret, collector: collectorUrl(order) })
  const scenario = join(project, 'loadtests/scenarios', `${plan.scenario}.ts`)
  await execa(
    k6,
    [
      ...['archive', '--quiet', '--no-color', '-O', file],
      ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
      scenario,
    ],
    { extendEnv: false, env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  )
  const { size } = await stat(file)
  if (size >= mostBytes)
    throw new UsageError(
      `the archive of ${plan.scenario} takes ${Math.ceil(size / 1024)} KiB, and a ConfigMap holds ${mostBytes / 1024}`,
      'make it part of the runner image, with script.localFile',
    )
}

/** @throws UsageError unless the directory is empty or not there */
export async function mustBeFree(directory: string): Promise<void> {
  const inIt = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new UsageError(
      `--kubernetes ${directory} is no directory (${error.code})`,
      'give one that is not there yet',
    )
  })
  if (inIt.length > 0)
    throw new UsageError(
      `--kubernetes ${directory} is not empty`,
      'give a directory that is not there yet, or remove this one',
    )
}
