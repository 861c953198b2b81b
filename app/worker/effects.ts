import { activityTopic } from '@worklane/domain/activity/announce.ts'
import { OutboxJob, recordActivity } from '@worklane/domain/activity/record.ts'
import type { OnUnmetered } from '@worklane/domain/billing/converge.ts'
import { billingSyncTopic } from '@worklane/domain/billing/intake.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { usageTopic } from '@worklane/domain/billing/usage-told.ts'
import { repeatedly } from '@worklane/domain/faults.ts'
import { checkTopic } from '@worklane/domain/files/uploads.ts'
import { Mail, mailTopic, sendMail } from '@worklane/domain/mail/mail.ts'
import { notificationTopic, notify } from '@worklane/domain/notifications/topic.ts'
import { pictureTopic } from '@worklane/domain/pictures/uploads.ts'
import { readingCustomers } from './billing.ts'
import { checkFile } from './files/check.ts'
import { checkPicture } from './pictures/check.ts'
import type { Effect } from './queue.ts'
import { type OnDifference, usageJob } from './usage.ts'

/** What a row of the outbox brings about, by its topic. */
export function effectsByTopic(hears: { onUnmetered: OnUnmetered; onDifference: OnDifference }): Effect {
  const effects: Record<string, Effect> = {
    [activityTopic]: repeatable(recordActivity),
    [notificationTopic]: repeatable(notify),
    [mailTopic]: (job) => sendMail(Mail.parse(job.payload), job.id),
    [checkTopic]: checkFile,
    [pictureTopic]: checkPicture,
    [billingSyncTopic]: readingCustomers(hears.onUnmetered),
    [usageTopic]: async (job) => {
      const client = stripe()
      if (client) await usageJob(client, job, hears.onDifference)
    },
  }
  return async (data, signal) => {
    const job = OutboxJob.parse(data)
    const effect = effects[job.topic]
    if (!effect) throw new Error(`no effect is known for the topic ${job.topic}`)
    await effect(job, signal)
  }
}

/** The fault `repeat=effects` asks the database as often more; once more changes nothing but what it costs. */
const repeatable =
  (effect: Effect): Effect =>
  async (job, signal) => {
    await repeatedly('effects', () => effect(job, signal))
    await effect(job, signal)
  }
