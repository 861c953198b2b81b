import type { QueueName } from '@worklane/data/queues.ts'
import { activityTopic } from '@worklane/domain/activity/announce.ts'
import { billingSyncTopic } from '@worklane/domain/billing/intake.ts'
import { usageTopic } from '@worklane/domain/billing/usage-told.ts'
import { digestTopic } from '@worklane/domain/digests/frequency.ts'
import { exportTopic } from '@worklane/domain/exports/store.ts'
import { checkTopic } from '@worklane/domain/files/uploads.ts'
import { importTopic } from '@worklane/domain/imports/shapes.ts'
import { accountMailTopic } from '@worklane/domain/mail/account-mails.ts'
import { mailTopic } from '@worklane/domain/mail/mail.ts'
import { notificationTopic } from '@worklane/domain/notifications/topic.ts'
import { pictureTopic } from '@worklane/domain/pictures/uploads.ts'
import { eventTopic } from '@worklane/domain/webhooks/events.ts'
import { deliveryTopic } from '@worklane/domain/webhooks/job.ts'

/** How a queue is worked off. */
export type Kind = {
  /** What of the outbox goes there. */
  topics: readonly string[]
  /** Jobs at the same time, of each worker process. */
  concurrency: number
  /** Of these, one organisation's at most. Where jobs take long, others would wait for as long without it. */
  perOrganisation?: number
  /** A job that takes longer has failed. */
  timeoutMs: number
  /** Tries until it is a dead letter; between two it waits a minute at most (`backoffStrategy`). */
  attempts: number
  /** How often a worker may end in the middle of a job, before it is a dead letter (docs/workers.md). */
  stalledAtMost: number
  /** Dead letters are kept so long, and so many of them. Seconds. */
  deadLetters: { age: number; count?: number }
}

const day = 86_400
/** Of jobs in which people outside decide what a worker does. What ends their worker each time does so for four minutes. */
const stalledOfOthers = 10
/** Of jobs of our own. More than the others: those that run beside a job that ends their worker are hit as often. */
const stalledOfOurs = 30
const [second, minute] = [1_000, 60_000]

export type Kinds = Record<Exclude<QueueName, 'schedules'>, Kind>

/** The kinds of work, each with a queue of its own: what one of them waits for keeps none of the others waiting. */
export const kinds: Kinds = {
  notifications: {
    topics: [activityTopic, notificationTopic],
    concurrency: 8,
    timeoutMs: 30 * second,
    attempts: 12,
    stalledAtMost: stalledOfOurs,
    deadLetters: { age: 7 * day },
  },
  mail: {
    topics: [mailTopic, accountMailTopic, digestTopic],
    concurrency: 4,
    perOrganisation: 2,
    timeoutMs: 30 * second,
    // Some four hours: greylisting and an outage of the mail server pass.
    attempts: 250,
    stalledAtMost: 5,
    deadLetters: { age: 7 * day },
  },
  files: {
    topics: [checkTopic, pictureTopic],
    // Each may hold a file in memory, and pictures take a core.
    concurrency: 2,
    perOrganisation: 1,
    timeoutMs: 10 * minute,
    // An outage of the object store of an hour; then the hourly sweep.
    attempts: 60,
    stalledAtMost: stalledOfOthers,
    deadLetters: { age: 7 * day },
  },
  exports: {
    topics: [exportTopic, importTopic],
    concurrency: 2,
    perOrganisation: 1,
    timeoutMs: 30 * minute,
    attempts: 10,
    stalledAtMost: stalledOfOthers,
    deadLetters: { age: 7 * day },
  },
  webhooks: {
    topics: [eventTopic, deliveryTopic],
    // What waits is a receiver, ten seconds at most. What it does not take is tried again by its row in Postgres.
    concurrency: 16,
    perOrganisation: 4,
    timeoutMs: 20 * second,
    attempts: 10,
    stalledAtMost: stalledOfOthers,
    deadLetters: { age: 7 * day },
  },
  billing: {
    topics: [billingSyncTopic],
    /*
     * A reading asks Stripe some four times in turn, at a tenth of a second or more: twenty requests a second at most,
     * of the 100 that Stripe takes (25 of a sandbox of its own). What needs no reading waits for nobody.
     */
    concurrency: 2,
    timeoutMs: 5 * minute,
    // An outage of Stripe of some four hours; then the nightly sweep.
    attempts: 250,
    stalledAtMost: stalledOfOurs,
    deadLetters: { age: 30 * day },
  },
  usage: {
    topics: [usageTopic],
    concurrency: 1,
    timeoutMs: 5 * minute,
    // Half a minute: the schedule asks again every ten minutes.
    attempts: 6,
    stalledAtMost: stalledOfOurs,
    // An outage of a day fails each organisation's job anew with every round of the schedule.
    deadLetters: { age: day, count: 1_000 },
  },
}

export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as KindName[]

const byTopic = new Map(
  kindNames.flatMap((name) => kinds[name].topics.map((topic) => [topic, name] as const)),
)

/** The kind of a topic. One that nothing knows fails among the notifications, where operators see it. */
export const kindOf = (topic: string): KindName => byTopic.get(topic) ?? 'notifications'
