import { z } from 'zod'

/** The topic of one try to deliver an event. */
export const deliveryTopic = 'webhook.delivery'

/** Which delivery, and how many tries it had: where it has had more by then, this one was made already. */
export const DeliveryJob = z.object({
  deliveryId: z.uuid({ version: undefined }),
  attempt: z.number().int().min(0),
})

/** The job of a try has so long before it is asked for once more. Seconds. */
export const lostAfterSeconds = 3_600

/** When a delivery whose job has just been written is asked for again, if nothing came of that job. */
export const unlessLost = (): Date => new Date(Date.now() + lostAfterSeconds * 1_000)
