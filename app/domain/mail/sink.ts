import { z } from 'zod'
import { runtime } from '../runtime.ts'

/** A mail as it went out, in the sink. */
export const SunkMail = z.object({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  /** Where its one button leads. */
  link: z.string(),
  at: z.iso.datetime(),
})
export type SunkMail = z.output<typeof SunkMail>

const sinkKey = 'mail:sink'
const kept = 50

/** True where mail goes to a page of the application instead of people. */
export const hasMailSink = () =>
  runtime().env.SMTP_URL === undefined && runtime().env.WORKLANE_ENV !== 'production'

/** Puts a mail into the sink, once, however often it is called with the id of one. */
export async function sinkMail(mail: Omit<SunkMail, 'at'>): Promise<void> {
  const sunk: SunkMail = { ...mail, at: new Date().toISOString() }
  await runtime().redis.eval(sinkOnce, 2, `mail:sunk:${mail.id}`, sinkKey, JSON.stringify(sunk), kept - 1)
}

const sinkOnce = `
if redis.call('set', KEYS[1], '1', 'NX', 'EX', 86400) then
  redis.call('lpush', KEYS[2], ARGV[1])
  redis.call('ltrim', KEYS[2], 0, ARGV[2])
end`

/** What the sink holds, the latest first. */
export async function sunkMail(): Promise<SunkMail[]> {
  const texts = await runtime().redis.lrange(sinkKey, 0, kept - 1)
  return texts.flatMap((text) => SunkMail.safeParse(JSON.parse(text)).data ?? [])
}
