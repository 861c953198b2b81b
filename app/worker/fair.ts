import type { OutboxJob } from '@worklane/domain/activity/record.ts'
import { faults } from '@worklane/domain/faults.ts'
import type { BulkJobOptions, Queue } from 'bullmq'
import type { Redis } from 'ioredis'

type Bulk = { name: string; data: OutboxJob; opts?: BulkJobOptions }

/** What takes jobs in. */
export type Intake = { addBulk(jobs: Bulk[]): Promise<unknown> }

/** The largest priority that BullMQ takes. Whoever has more jobs than that waiting is served as they come. */
const largest = 2 ** 21 - 1

/**
 * A queue that serves organisations in turn, and each one's jobs as they came: an organisation's next job waits behind
 * one job of every other one that has jobs waiting, however many these are.
 *
 * Start-time fair queuing (Goyal, Vin and Cheng, SIGCOMM 1996) with jobs of one size: a job's priority is the number of
 * the round in which it is served. That is the round that is being served now, or the one after its organisation's
 * last job, whichever is later. The round of now is that of the job which is served next; where none waits, all begin
 * anew. Lower numbers go first, and among equal ones what came first.
 * @param redis keeps the last round of each organisation, beside the queue's own keys
 */
export function fairly(queue: Queue<OutboxJob>, redis: Redis): Intake {
  if (faults().plainQueues) return queue
  const key = queue.toKey('rounds')
  return {
    async addBulk(jobs) {
      const [next] = await queue.getPrioritized(0, 0)
      const rounds = (await redis.eval(
        takeRounds,
        1,
        key,
        next?.priority ?? 0,
        largest,
        ...jobs.map(({ data }) => data.orgId),
      )) as number[]
      return queue.addBulk(
        jobs.map(({ name, data, opts }, n) => ({
          name,
          data,
          opts: { ...opts, priority: rounds[n] ?? largest },
        })),
      )
    },
  }
}

/**
 * KEYS[1] the last round of each organisation · ARGV[1] the round of now, 0 where nothing waits · ARGV[2] the largest
 * · then the organisation of each job. Returns the round of each.
 */
const takeRounds = `
local now = tonumber(ARGV[1])
if now == 0 then redis.call('del', KEYS[1]) end
local rounds = {}
for n = 3, #ARGV do
  local last = tonumber(redis.call('hget', KEYS[1], ARGV[n]) or '0')
  local round = math.min(math.max(now, last + 1, 1), tonumber(ARGV[2]))
  redis.call('hset', KEYS[1], ARGV[n], round)
  rounds[#rounds + 1] = round
end
redis.call('expire', KEYS[1], 86400)
return rounds`
