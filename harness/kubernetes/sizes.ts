import { requestsPerStep, vusFor } from '@headroom/loadtests/wire/workloads.ts'
import type { Plan } from '../plan/scenarios.ts'

/** What one pod is given. */
export type Size = { cores: number; memoryMiB: number }

/** The arithmetic of docs/scaling.md. */
const cpuSecondsPerRequest = 0.000_55
const bytesPerUser = 10 * 1024
/** A generator that uses all of its CPU is late: half of it stays free. */
const cpuUsed = 0.5
/** When the target hangs everybody waits, which takes as much memory again. */
const hanging = 2
/** k6 itself, before anybody plays. */
const emptyMiB = 256

/** One of a plan's runners. */
export function runnerSize({ users, think, shards }: Plan): Size {
  const each = users / shards
  const requestsPerSecond = (requestsPerStep * each) / (think / 1_000)
  return {
    cores: Math.max(0.5, tenths((requestsPerSecond * cpuSecondsPerRequest) / cpuUsed)),
    memoryMiB: 64 * Math.ceil((emptyMiB + (each * bytesPerUser * hanging) / 1024 ** 2) / 64),
  }
}

/** The collector: each VU sends it a message a second, and what it keeps does not grow. */
export const collectorSize = ({ users, shards }: Plan): Size => ({
  cores: tenths(0.25 + 0.002 * vusFor(users, shards)),
  memoryMiB: 512,
})

/** As Kubernetes writes quantities. Memory is a limit too; CPU is not, since being throttled is being late. */
export const resourcesOf = ({ cores, memoryMiB }: Size) => ({
  requests: { cpu: `${Math.round(cores * 1_000)}m`, memory: `${memoryMiB}Mi` },
  limits: { memory: `${memoryMiB}Mi` },
})

const tenths = (cores: number): number => Math.ceil(cores * 10) / 10
