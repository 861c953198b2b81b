/**
 * The queues of the workers, by kind of work, under their names in Redis. How each is worked off stands in
 * `app/worker/kinds.ts`.
 */
export const queueNames = [
  'notifications',
  'mail',
  'files',
  'exports',
  'webhooks',
  'billing',
  'usage',
  'schedules',
] as const
export type QueueName = (typeof queueNames)[number]
