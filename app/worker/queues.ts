import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import type { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { fairly, type Intake } from './fair.ts'
import { type KindName, kindNames, kindOf } from './kinds.ts'
import { openQueue } from './queue.ts'
import type { IntakeOf, StateOf } from './relay.ts'

/**
 * The queues of all kinds, as the relay sees them.
 * @param connection waits as long as it likes
 * @param redis answers soon, or fails
 */
export function openQueues(connection: Redis, redis: Redis) {
  const queues = {} as Record<KindName, Queue<OutboxJob>>
  const intakes = {} as Record<KindName, Intake>
  for (const name of kindNames) {
    queues[name] = openQueue(name, connection)
    intakes[name] = fairly(queues[name], redis)
  }
  const intakeOf: IntakeOf = (topic) => intakes[kindOf(topic)]
  const stateOf: StateOf = (topic, id) => queues[kindOf(topic)].getJobState(id)
  return { all: Object.values(queues), intakeOf, stateOf }
}
