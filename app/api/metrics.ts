import { intakeCounts } from '@worklane/domain/billing/intake.ts'
import { cacheCounts } from '@worklane/domain/cache.ts'
import { hub } from '@worklane/domain/live/hub.ts'
import { limitCounts, runtime } from '@worklane/domain/runtime.ts'
import { Counter, Gauge, Histogram } from 'prom-client'
import { allocatedBytes } from './allocations.ts'
import { singleMetric } from './single-metric.ts'

/** Seconds by `route` and `status`. */
export const requestDuration = (): Histogram<'route' | 'status'> =>
  singleMetric(
    'http_request_duration_seconds',
    (name) =>
      new Histogram({
        name,
        help: 'Time from the first byte of a request to the end of its answer',
        labelNames: ['route', 'status'],
        buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.6, 3.2],
      }),
  )

/**
 * Pages of which a part could not be shown, by `route` and `kind`: `error`, or `tooMany` for who was refused. A page that
 * has begun to stream has told its status, 200, before: only this says that it failed.
 */
export const pageFailures = (): Counter<'route' | 'kind'> =>
  singleMetric(
    'page_failures_total',
    (name) =>
      new Counter({
        name,
        help: 'Pages of which a part could not be shown; their status may have been 200',
        labelNames: ['route', 'kind'],
      }),
  )

/** What the process knows of itself beside its requests, read when somebody asks. */
export function registerGauges(): void {
  new Counter({
    name: 'cache_lookups_total',
    help: 'Answers looked for in the cache, by what came of it; failures are those of Redis',
    labelNames: ['outcome'],
    collect() {
      this.reset()
      for (const [outcome, count] of Object.entries(cacheCounts)) this.inc({ outcome }, count)
    },
  })
  new Counter({
    name: 'rate_limit_unavailable_total',
    help: 'Times that the store of the rate limits did not answer and requests were let through',
    collect() {
      this.reset()
      this.inc(limitCounts.unavailable)
    },
  })
  new Counter({
    name: 'stripe_events_total',
    help: 'Webhooks of Stripe by how they ended',
    labelNames: ['outcome'],
    collect() {
      this.reset()
      for (const [outcome, count] of Object.entries(intakeCounts)) this.inc({ outcome }, count)
    },
  })
  new Gauge({
    name: 'nodejs_array_buffers_bytes',
    help: 'Memory of buffers outside of the heap',
    collect() {
      this.set(process.memoryUsage().arrayBuffers)
    },
  })
  new Counter({
    name: 'nodejs_allocated_bytes_total',
    help: 'Bytes allocated on the heap, kept or not',
    collect() {
      const total = allocatedBytes()
      this.reset()
      this.inc(total)
    },
  })
  new Gauge({
    name: 'event_streams',
    help: 'Clients that follow a board',
    collect() {
      this.set(hub.size)
    },
  })
  new Gauge({
    name: 'database_pool',
    help: 'Connections to Postgres by pool and state, and requests that wait for one',
    labelNames: ['pool', 'state'],
    collect() {
      const { database, auth, accounts } = runtime()
      for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries({
        tenant: database.pool,
        auth,
        accounts,
      })) {
        this.set({ pool, state: 'used' }, totalCount - idleCount)
        this.set({ pool, state: 'idle' }, idleCount)
        this.set({ pool, state: 'waiting' }, waitingCount)
      }
    },
  })
}
