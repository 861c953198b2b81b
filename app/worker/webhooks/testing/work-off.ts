import { asAdministrator } from '@worklane/domain/testing/tenants.ts'
import { eventTopic } from '@worklane/domain/webhooks/events.ts'
import { deliveryTopic } from '@worklane/domain/webhooks/job.ts'
import { deliverWebhook } from '../deliver.ts'
import { fanOut } from '../fan-out.ts'
import type { post } from '../post.ts'

type Job = { id: string; orgId: string; topic: string; payload: unknown }

/** Webhooks' rows of the outbox that no worker has taken up yet, which are taken up by this. */
export const takeJobs = (organisation: string): Promise<Job[]> =>
  asAdministrator(async (client) => {
    const { rows } = await client.query<Job>(
      `update outbox set relayed_at = now()
       where org_id = $1 and relayed_at is null and topic = any($2)
       returning id, org_id as "orgId", topic, payload`,
      [organisation, [eventTopic, deliveryTopic]],
    )
    return rows
  })

/** Does what a worker does, in this process and one after another, until nothing is left that is due. */
export async function workOff(organisation: string, send?: typeof post): Promise<number> {
  let done = 0
  for (;;) {
    const jobs = await takeJobs(organisation)
    if (jobs.length === 0) return done
    for (const job of jobs) await effectOf(job, send)
    done += jobs.length
  }
}

export const effectOf = (job: Job, send?: typeof post): Promise<void> =>
  job.topic === eventTopic ? fanOut(job) : deliverWebhook(job, new AbortController().signal, send)
