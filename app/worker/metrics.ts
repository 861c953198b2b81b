import { Counter } from 'prom-client'

export const usageDifferences = new Counter({
  name: 'usage_differences_total',
  help: 'Units by which two books of usage did not agree in a nightly reconciliation',
  labelNames: ['books'],
})

export const orphanLooksStopped = new Counter({
  name: 'file_orphan_looks_stopped_total',
  help: 'Nightly looks for orphans of files that removed nothing: the bucket is not ours, or too much would go',
  labelNames: ['why'],
})

export const webhookAttempts = new Counter({
  name: 'webhook_attempts_total',
  help: 'Tries to deliver an event to a webhook of a customer, by what came of it',
  labelNames: ['outcome'],
})

export const refusedChanges = new Counter({
  name: 'billing_changes_refused_total',
  help: 'Changes that follow of a reading and that Stripe did not make: seats, a second subscription, a held bill',
})

export const leftOut = new Counter({
  name: 'billing_subscriptions_left_out_total',
  help: 'Subscriptions without a price of ours that readings left out, once for each reading',
})

export const unmetered = new Counter({
  name: 'billing_unmetered_total',
  help: 'Readings after which a subscription did not meter what its plan does, since Stripe refused it',
})
