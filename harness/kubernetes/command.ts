import { shownFromHere } from '../plan/here.ts'
import type { Plan } from '../plan/scenarios.ts'
import { originOf, sessionSecretOf } from '../plan/target.ts'
import { shellWord, UsageError } from '../plan/usage.ts'
import { revision } from '../result/revision.ts'
import { amount } from '../result/words.ts'
import { provide } from '../toolchain/provide.ts'
import { tools } from '../toolchain/tools.ts'
import { runnerSize } from './sizes.ts'
import { mustBeFree, writeCluster } from './write.ts'

export type ClusterOptions = {
  kubernetes: string
  target?: string
  insecure?: boolean
  fault: string[]
  image?: string
  runnerImage?: string
}

/** Of the collector one a revision: it must judge as this checkout does. */
export const defaultImage = (revision: string | null) => `headroom-collector:${revision ?? 'latest'}`
export const defaultRunnerImage = `grafana/k6:${tools.k6.pinned}`

/** Writes what a cluster needs to play a plan; nothing is sent to the target, which may be inside the cluster. */
export async function writeForCluster(plan: Plan, options: ClusterOptions): Promise<void> {
  const { kubernetes: directory } = options
  const target = targetOf(plan, options)
  const sessionSecret = sessionSecretOf('--kubernetes')
  await mustBeFree(directory)
  const { k6 } = await provide(['k6'], (line) => console.log(`  ${line}`))
  const order = { target, revision: await revision(), plan }
  const { image = defaultImage(order.revision), runnerImage = defaultRunnerImage } = options
  await writeCluster({ order, image, runnerImage, directory, sessionSecret, k6: k6.path })
  const { cores, memoryMiB } = runnerSize(plan)
  const shown = shownFromHere(directory)
  console.log(
    [
      `  ${plan.shards} runners of ${amount(plan.users / plan.shards)} users, each with ${cores} CPU and ${amount(memoryMiB)} MiB, and a collector`,
      `  written to ${shown}; ${shown}/README.md says how to run it:`,
      `  kubectl apply --server-side -k ${shellWord(shown)}`,
    ].join('\n'),
  )
}

/** @throws UsageError when this is nothing that a cluster can play */
function targetOf({ scenario, think, journey }: Plan, { target, insecure, fault }: ClusterOptions): string {
  if (target === undefined)
    throw new UsageError(
      '--kubernetes tests a deployment, and --target is missing',
      'give its address as the cluster sees it, such as --target https://staging.example.com',
    )
  if (journey)
    throw new UsageError(
      `--kubernetes plays scenarios of Worklane, and ${journey.name} is a journey of its own`,
      'play it with --target and --shards from a machine that reaches it',
    )
  if (scenario === 'capacity')
    throw new UsageError(
      '--kubernetes plays one run, and capacity is a search of many',
      'write stress, or 100k with the --users of each step',
    )
  if (scenario === 'billing-storm')
    throw new UsageError(
      '--kubernetes plays users, and billing-storm needs the payments sandbox of a stack that is started here',
      'play it without --kubernetes',
    )
  if (scenario === 'browser')
    throw new UsageError(
      "--kubernetes plays users, and browser needs Chromium beside k6, which k6's image has not",
      'play it with --target from a machine that reaches the deployment',
    )
  if (insecure)
    throw new UsageError(
      "--insecure says nothing to runners that are somebody else's",
      "mount the target's authority into the runners' image, with SSL_CERT_FILE",
    )
  if (fault.length > 0) throw new UsageError('--fault cannot break what runs in a cluster', 'leave it out')
  if (think <= 0)
    throw new UsageError('--think 0s says nothing of how much CPU a runner needs', 'give at least 1ms')
  const origin = originOf(target)
  if (/^(localhost|127\.|0\.0\.0\.0$|\[::1?\]$)/.test(new URL(origin).hostname))
    throw new UsageError(
      `--target ${origin} is each runner itself, seen from a cluster`,
      'give the address that the cluster sees the deployment at',
    )
  return origin
}
