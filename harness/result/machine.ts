import { availableParallelism, platform, totalmem } from 'node:os'
import type { Result } from './result.ts'

/** What figures of time depend on. */
export const thisMachine = (): Result['machine'] => ({
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: platform(),
  node: process.version,
})
