import { randomUUID } from 'node:crypto'
import nodemailer from 'nodemailer'
import { z } from 'zod'
import { runtime } from '../runtime.ts'

export const mailTopic = 'mail'

export const Mail = z.object({ to: z.email(), subject: z.string(), text: z.string(), link: z.string() })
export type Mail = z.infer<typeof Mail>
export type SunkMail = Mail & { at: string }

const sinkKey = 'mail:sink'
const kept = 50

/** True where mail goes to a page of the application instead of people. */
export const hasMailSink = () =>
  runtime().env.SMTP_URL === undefined && runtime().env.WORKLANE_ENV !== 'production'

/**
 * Sends a mail by SMTP_URL, or to the local sink.
 * @param id the same for the same mail: a worker that died as it was sent has it sent again, and who receives it can
 *   tell by its Message-ID; the sink takes it once
 * @throws Error when there is neither
 */
export async function sendMail(mail: Mail, id: string = randomUUID()): Promise<void> {
  const { env, redis } = runtime()
  if (env.SMTP_URL) {
    const { to, subject, text, link } = mail
    const messageId = `<${id}@${new URL(env.ORIGIN).hostname}>`
    await nodemailer
      .createTransport(env.SMTP_URL)
      .sendMail({ messageId, from: env.MAIL_FROM, to, subject, text: `${text}\n\n${link}\n` })
    return
  }
  if (!hasMailSink()) throw new Error('no mail can be sent: set SMTP_URL')
  const sunk: SunkMail = { ...mail, at: new Date().toISOString() }
  await redis.eval(sinkOnce, 2, `mail:sunk:${id}`, sinkKey, JSON.stringify(sunk), kept - 1)
}

const sinkOnce = `
if redis.call('set', KEYS[1], '1', 'NX', 'EX', 86400) then
  redis.call('lpush', KEYS[2], ARGV[1])
  redis.call('ltrim', KEYS[2], 0, ARGV[2])
end`

/** What the sink holds, the latest first. */
export async function sunkMail(): Promise<SunkMail[]> {
  return (await runtime().redis.lrange(sinkKey, 0, kept - 1)).map((text) => JSON.parse(text) as SunkMail)
}
