/** What a deployment may be without and still be whole. */
export const lackable = ['subscriptions', 'files', 'webhooks'] as const
/** What a target is without: calls that need it are answered by a refusal, and are not asked. */
export type Lack = (typeof lackable)[number]
