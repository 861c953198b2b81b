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

/** Sends a mail by SMTP_URL, or to the local sink. @throws Error when there is neither */
export async function sendMail(mail: Mail): Promise<void> {
  const { env, redis } = runtime()
  if (env.SMTP_URL) {
    const { to, subject, text, link } = mail
    await nodemailer
      .createTransport(env.SMTP_URL)
      .sendMail({ from: env.MAIL_FROM, to, subject, text: `${text}\n\n${link}\n` })
    return
  }
  if (!hasMailSink()) throw new Error('no mail can be sent: set SMTP_URL')
  const sunk: SunkMail = { ...mail, at: new Date().toISOString() }
  await redis.lpush(sinkKey, JSON.stringify(sunk))
  await redis.ltrim(sinkKey, 0, kept - 1)
}

/** What the sink holds, the latest first. */
export async function sunkMail(): Promise<SunkMail[]> {
  return (await runtime().redis.lrange(sinkKey, 0, kept - 1)).map((text) => JSON.parse(text) as SunkMail)
}
