/** The queues of the workers, by their names in Redis; worker code is typed against this list. */
export const queueNames = ['outbox', 'billing', 'usage', 'files', 'schedules'] as const
export type QueueName = (typeof queueNames)[number]
