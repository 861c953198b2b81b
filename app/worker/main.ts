import { createServer } from 'node:http'
import type { BlobsOnDemand } from '@worklane/data/blobs.ts'
import { readEnvironment } from '@worklane/data/config.ts'
import { createLog } from '@worklane/data/log.ts'
import { toleratesLostConnections } from '@worklane/data/lost-connections.ts'
import { assertPools, poolConfig } from '@worklane/data/pool.ts'
import { endWhenRefused, orRefuse } from '@worklane/data/refused-start.ts'
import { onStop } from '@worklane/data/shutdown.ts'
import { ensureCatalogue } from '@worklane/domain/billing/catalogue.ts'
import { billingTroubles } from '@worklane/domain/billing/converge.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { accountMailTopic } from '@worklane/domain/mail/account-mails.ts'
import { allAnswer, assertConnections, closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { Counter, collectDefaultMetrics, Gauge, Histogram, register } from 'prom-client'
import { endCustomers, lookAtDue, oldestEvent, recordRead, sweep, webhookDeliveredAt } from './billing.ts'
import { catalogueKeeper } from './catalogue.ts'
import { planDigests } from './digests/plan.ts'
import { effectsByTopic } from './effects.ts'
import { evictionText, evictionWatch } from './eviction.ts'
import { emptyExports, sweepJobs } from './exports/sweep.ts'
import { bindBucket } from './files/installation.ts'
import { LookStopped, removeOrphans } from './files/orphans.ts'
import { emptyRemoved, sweepFiles } from './files/removal.ts'
import { startForgetting } from './forgetting.ts'
import { kindNames, kindOf, kinds } from './kinds.ts'
import { startAccountMails } from './mail/account-mails.ts'
import { leftOut, orphanLooksStopped, refusedChanges, unmetered, usageDifferences } from './metrics.ts'
import { removePictureOrphans } from './pictures/orphans.ts'
import { emptyRemovedPictures, sweepPictures } from './pictures/removal.ts'
import { startWorker } from './queue.ts'
import { openQueues } from './queues.ts'
import {
  bornAt,
  oldestUnsettled,
  oldestWaiting,
  prune,
  type Relayed,
  relayAgain,
  relayUnsettled,
  type Walk,
} from './relay.ts'
import { startRelay } from './relaying.ts'
import { type Repeated, schedulesName, schedulesWorker } from './schedules.ts'
import { settlements } from './settled.ts'
import { reconcileUsage, sendUsage } from './usage.ts'
import { askForDue, pruneWebhooks } from './webhooks/due.ts'

const env = orRefuse('worker', () => readEnvironment('worker'))
endWhenRefused('worker')
const log = createLog('worker')
/** How long a schedule that Redis lost is missed at most. */
const rescheduleMs = 60_000

collectDefaultMetrics()
const processed = new Counter({
  name: 'jobs_total',
  help: 'Jobs by topic and outcome',
  labelNames: ['topic', 'outcome'],
})
const effectDelay = new Histogram({
  name: 'effect_delay_seconds',
  help: 'From a write to what it brought about',
  labelNames: ['topic'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
})

const webhookEffect = new Histogram({
  name: 'webhook_effect_seconds',
  help: 'From an event of Stripe as it was delivered until a reading that knows of it was written',
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
})

const relayVariable = 'RELAY_DATABASE_URL'
const pool = orRefuse(
  'worker',
  () =>
    new pg.Pool(
      poolConfig({
        ...{ variable: relayVariable, url: env.RELAY_DATABASE_URL },
        ...{ group: 'worklane_relay', max: 3, name: 'worklane-relay' },
      }),
    ),
)
pool.on('error', (error) => log.error({ err: error }, 'postgres'))
toleratesLostConnections(pool)
await orRefuse('worker', () => Promise.all([assertPools([[relayVariable, pool]]), assertConnections()]))
// BullMQ's blocking reads must wait as long as they like, and what it asks as it connects as well: a queue whose
// first question failed never comes back.
const connection = new Redis(env.REDIS_URL, { maxRetriesPerRequest: null })
connection.on('error', (error) => log.error({ err: error }, 'redis'))
// Everything else is told soon that Redis is away, or hangs: transactions of the database are open meanwhile, and what
// waits for Redis to come back is more with every second.
const promptRedis = new Redis(env.REDIS_URL, { maxRetriesPerRequest: 1, commandTimeout: 5_000 })
promptRedis.on('error', () => {})
new Gauge({
  name: 'effect_oldest_waiting_seconds',
  help: 'Age of the oldest write of which no worker has taken up what it brings about',
  async collect() {
    // Postgres being away is told by the relay's own errors; what was true before it is no answer any more.
    const oldest = await oldestWaiting(pool).catch(() => Number.NaN)
    this.set(oldest / 1_000)
  },
})
new Gauge({
  name: 'job_oldest_seconds',
  help: 'How long ago the oldest job that has not ended was enqueued',
  labelNames: ['queue'],
  async collect() {
    const oldest = await oldestUnsettled(pool).catch(() => null)
    for (const queue of kindNames) {
      const seconds = kinds[queue].topics.map((topic) => (oldest ? (oldest.get(topic) ?? 0) : Number.NaN))
      this.set({ queue }, Math.max(0, ...seconds))
    }
  },
})
if (env.INTAKE_DATABASE_URL && env.STRIPE_SECRET_KEY)
  new Gauge({
    name: 'webhook_oldest_waiting_seconds',
    help: 'Age of the oldest event of Stripe whose effect is not there yet',
    async collect() {
      this.set(await oldestEvent(runtime().intake).catch(() => Number.NaN))
    },
  })
new Gauge({
  name: 'nodejs_array_buffers_bytes',
  help: 'Memory of buffers outside of the heap',
  collect() {
    this.set(process.memoryUsage().arrayBuffers)
  },
})

const { all: queues, intakeOf, stateOf } = openQueues(connection, promptRedis)
const schedules = new Queue(schedulesName, { connection })

const settled = settlements(pool, (error) => log.error({ err: error }, 'settlements'))
const effect = effectsByTopic({
  onUnmetered(orgId, error) {
    unmetered.inc()
    log.error({ err: error, orgId }, billingTroubles.unmetered)
  },
  onRefused(orgId, error) {
    refusedChanges.inc()
    log.error({ err: error, orgId }, billingTroubles.refused)
  },
  onLeftOut(orgId, subscription) {
    leftOut.inc()
    log.warn({ orgId, subscription }, billingTroubles.leftOut)
  },
  onDifference(orgId, differences) {
    for (const { books, units } of differences) usageDifferences.inc({ books }, units)
    log.error({ orgId, differences }, 'usage: the books do not agree')
  },
})
const working = kindNames.map((name) => startWorker(name, connection, effect))
for (const { worker } of working) {
  worker.on('completed', (job) => {
    settled.note(job.data)
    processed.inc({ topic: job.name, outcome: 'done' })
    // An export takes as long as there is to export: people watch it.
    if (kindOf(job.name) !== 'exports')
      effectDelay.observe({ topic: job.name }, Math.max(0, Date.now() - bornAt(job.data.id)) / 1_000)
    const deliveredAt = webhookDeliveredAt(job.data)
    if (deliveredAt !== null) webhookEffect.observe(Math.max(0, Date.now() - deliveredAt) / 1_000)
  })
  worker.on('failed', (job, error) => {
    // Without it there are more tries.
    if (job?.finishedOn !== undefined) settled.note(job.data)
    processed.inc({ topic: job?.name ?? 'unknown', outcome: 'failed' })
    log.error({ err: error, job: job?.id }, 'job failed')
  })
  worker.on('error', (error) => log.error({ err: error }, 'worker'))
}
for (const each of [...queues, schedules]) each.on('error', (error) => log.error({ err: error }, 'queue'))

/** Without it nothing can be bought, nor metered: where Stripe is away or refuses it, a schedule tries again. */
const catalogue = catalogueKeeper(async () => {
  const client = stripe()
  if (client) await ensureCatalogue(client)
})
const makeCatalogue = () =>
  catalogue.unlessMade().catch((error) => log.error({ err: error }, 'billing catalogue'))
void makeCatalogue()

/** Behind what waits there may be what Redis lost: each round goes on where the one before it ended. */
const unsettledWalk: Walk<Relayed> = { after: null }
const unreadWalk: Walk<string> = { after: null }

const repeated: Repeated = {
  'prune-outbox': { everyMs: 3_600_000, run: () => prune(pool) },
  'sweep-exports': { everyMs: 3_600_000, run: () => sweepJobs(pool) },
  'plan-digests': { everyMs: 300_000, run: () => planDigests(pool) },
  'relay-unsettled': {
    everyMs: 20_000,
    run: () => relayUnsettled(pool, intakeOf, stateOf, undefined, unsettledWalk),
  },
  'send-due-webhooks': { everyMs: 5_000, run: () => askForDue(pool) },
  'prune-webhooks': { everyMs: 3_600_000, run: () => pruneWebhooks(pool) },
  ...filesRepeated(runtime().blobs),
  ...(env.INTAKE_DATABASE_URL && env.STRIPE_SECRET_KEY
    ? {
        'sweep-billing': {
          everyMs: 86_400_000,
          run: async () => {
            catalogue.renew()
            await makeCatalogue()
            await sweep(runtime().intake)
            await reconcileUsage(runtime().intake)
          },
        },
        'make-catalogue': { everyMs: 180_000, run: makeCatalogue },
        'ask-again': {
          everyMs: 10_000,
          run: async () => {
            await recordRead(runtime().intake)
            await relayAgain(pool, intakeOf, undefined, unreadWalk)
          },
        },
        'look-at-due': { everyMs: 60_000, run: () => lookAtDue(runtime().intake) },
        // Hours are told as they are over; what Stripe did not take is tried again.
        'send-usage': { everyMs: 600_000, run: () => sendUsage(runtime().intake) },
        'end-customers': {
          everyMs: 60_000,
          run: async () => {
            const client = stripe()
            if (client) await endCustomers(client, runtime().intake)
          },
        },
      }
    : {}),
}

/** What keeps the object store and the rows of files at one; nothing where files are off. */
function filesRepeated(blobs: BlobsOnDemand | null): Repeated {
  if (blobs === null) return {}
  let said: string | null = null
  const bind = async () => {
    const foreign = await bindBucket(pool, blobs)
    // Once for each problem, and not every minute.
    if (foreign !== null && foreign !== said) log.error(foreign)
    said = foreign
  }
  const lookForOrphans = async () => {
    for (const [of, remove] of [
      ['files', removeOrphans],
      ['pictures', removePictureOrphans],
    ] as const)
      try {
        log.info({ found: await remove(pool, await blobs.open()) }, `orphans of ${of}`)
      } catch (error) {
        if (!(error instanceof LookStopped)) throw error
        orphanLooksStopped.inc({ why: error.why })
        log.error({ why: error.why }, `orphans of ${of}: nothing more is removed: ${error.message}`)
      }
  }
  const empty = async () => {
    await emptyRemoved(pool, blobs)
    await emptyRemovedPictures(pool, blobs)
    await emptyExports(pool, blobs)
  }
  const sweepUploads = async () => {
    await sweepFiles(pool)
    await sweepPictures(pool)
  }
  // A store that is silent holds one place of the schedules for each name: there are few.
  return {
    'empty-removed-files': { everyMs: 15_000, run: empty },
    'sweep-files': { everyMs: 3_600_000, run: sweepUploads },
    'bind-bucket': { everyMs: 60_000, run: bind },
    // Whoever started it with the wrong database, or the wrong bucket, has the time to see so.
    'remove-file-orphans': { everyMs: 86_400_000, firstAfterMs: 3_600_000, run: lookForOrphans },
  }
}

const repeating = schedulesWorker(connection, repeated)
repeating.on('error', (error) => log.error({ err: error }, 'schedules'))
/** Puts the schedules there, and back where Redis lost them. */
async function schedule(): Promise<void> {
  for (const [name, { everyMs, firstAfterMs = 0 }] of Object.entries(repeated)) {
    if (await schedules.getJobScheduler(name)) continue
    const startDate = Date.now() + firstAfterMs
    await schedules.upsertJobScheduler(name, { every: everyMs, startDate }, { name })
  }
}
let isScheduling = false
/** One at a time: while Redis is away each waits for it. */
function reschedule(): void {
  if (isScheduling) return
  isScheduling = true
  void schedule()
    .catch((error) => log.error({ err: error }, 'schedules'))
    .finally(() => {
      isScheduling = false
    })
}
reschedule()
promptRedis.on('ready', reschedule)
const rescheduling = setInterval(reschedule, rescheduleMs)

const stopRelay = startRelay(pool, promptRedis, intakeOf, (error) => log.error({ err: error }, 'relay'))
const stopAccountMails = startAccountMails(pool, promptRedis, intakeOf(accountMailTopic), (error) =>
  log.error({ err: error }, 'mails of accounts'),
)
const eviction = evictionWatch(promptRedis, (policy) => log.error({ policy }, evictionText))
const stopForgetting = startForgetting(pool, promptRedis, (error) => log.error({ err: error }, 'forgetting'))

/** What each of them asks as it connects first. Where that is refused it never works, and it says so at `error`. */
const queuesReady = Promise.all(
  [...queues, schedules, ...working.map(({ worker }) => worker), repeating].map((each) =>
    each.waitUntilReady(),
  ),
)
queuesReady.catch(() => {})

/** Later losses show in `connection`, which they share: a command on it would wait for as long as Redis is away. */
const isReady = async () =>
  connection.status === 'ready' &&
  !eviction.isOn() &&
  (await allAnswer([pool.query('select 1'), promptRedis.ping(), queuesReady]))

const server = createServer(async (request, response) => {
  if (request.url === '/healthz') return response.end('ok')
  if (request.url === '/readyz') return response.writeHead((await isReady()) ? 200 : 503).end()
  if (request.url !== '/metrics') return response.writeHead(404).end()
  try {
    const figures = await register.metrics()
    return response.setHeader('Content-Type', register.contentType).end(figures)
  } catch (error) {
    log.error({ err: error }, 'metrics')
    return response.writeHead(500).end()
  }
}).listen(env.PORT, env.HOST, () => log.info({ port: env.PORT }, 'listening'))

onStop(async () => {
  clearInterval(rescheduling)
  eviction.stop()
  await Promise.all([stopRelay(), stopAccountMails(), stopForgetting()])
  await Promise.all([...working.map(({ stop }) => stop()), repeating.close()])
  await settled.stop()
  await Promise.all([...queues, schedules].map((each) => each.close()))
  server.close()
  await Promise.allSettled([pool.end(), connection.quit(), promptRedis.quit(), closeRuntime()])
})
