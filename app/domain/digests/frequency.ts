import { z } from 'zod'

/** How often somebody gets the mail about what they have not read in an organisation. */
export const Frequency = z.enum(['off', 'daily', 'weekly'])
export type Frequency = z.infer<typeof Frequency>

/** Of rows of the outbox that send one of them. */
export const digestTopic = 'digest'

/** Of who joins an organisation. Who was there before there were such mails gets none unasked. */
export const frequencyOfNewMembers = 'weekly' satisfies Frequency
