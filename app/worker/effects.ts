import { activityTopic } from '@worklane/domain/activity/announce.ts'
import { OutboxJob, recordActivity } from '@worklane/domain/activity/record.ts'
import type { Hears } from '@worklane/domain/billing/converge.ts'
import { billingSyncTopic } from '@worklane/domain/billing/intake.ts'
import { stripe } from '@worklane/domain/billing/stripe.ts'
import { usageTopic } from '@worklane/domain/billing/usage-told.ts'
import { digestTopic } from '@worklane/domain/digests/frequency.ts'
import { exportTopic } from '@worklane/domain/exports/store.ts'
import { repeatedly } from '@worklane/domain/faults.ts'
import { checkTopic } from '@worklane/domain/files/uploads.ts'
import { importTopic } from '@worklane/domain/imports/shapes.ts'
import { accountMailTopic } from '@worklane/domain/mail/account-mails.ts'
import { mailTopic } from '@worklane/domain/mail/mail.ts'
import { notificationTopic, notify } from '@worklane/domain/notifications/topic.ts'
import { pictureTopic } from '@worklane/domain/pictures/uploads.ts'
import { eventTopic } from '@worklane/domain/webhooks/events.ts'
import { deliveryTopic } from '@worklane/domain/webhooks/job.ts'
import { readingCustomers } from './billing.ts'
import { sendDigest } from './digests/digest.ts'
import { runExport } from './exports/run.ts'
import { checkFile } from './files/check.ts'
import { runImport } from './imports/apply.ts'
import { sendMail } from './mail/send.ts'
import { checkPicture } from './pictures/check.ts'
import type { Effect } from './queue.ts'
import { type OnDifference, usageJob } from './usage.ts'
import { deliverWebhook } from './webhooks/deliver.ts'
import { fanOut } from './webhooks/fan-out.ts'

/** What a row of the outbox brings about, by its topic. */
export function effectsByTopic(hears: Hears & { onDifference: OnDifference }): Effect {
  const effects: Record<string, Effect> = {
    [activityTopic]: repeatable(recordActivity),
    [notificationTopic]: repeatable(notify),
    [mailTopic]: (job) => sendMail(job.payload, job.id),
    [accountMailTopic]: (job) => sendMail(job.payload, job.id),
    [digestTopic]: sendDigest,
    [checkTopic]: checkFile,
    [exportTopic]: runExport,
    [importTopic]: runImport,
    [eventTopic]: fanOut,
    [deliveryTopic]: (job, signal) => deliverWebhook(job, signal),
    [pictureTopic]: checkPicture,
    [billingSyncTopic]: readingCustomers(hears),
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
