import { randomUUID } from 'node:crypto'
import { letterOf } from '@worklane/domain/mail/mail.ts'
import { hasMailSink, sinkMail } from '@worklane/domain/mail/sink.ts'
import type { Letter } from '@worklane/domain/mail/templates/letter.ts'
import { runtime } from '@worklane/domain/runtime.ts'
import nodemailer from 'nodemailer'
import { type Rendered, renderLetter } from './render.ts'

/**
 * Sends a mail by SMTP_URL, or to the local sink.
 * @param payload what the outbox holds, see `Mail`
 * @param id the same for the same mail: a worker that died as it was sent has it sent again, and who receives it can
 *   tell by its Message-ID; the sink takes it once
 * @throws Error when there is neither
 */
export async function sendMail(payload: unknown, id: string = randomUUID()): Promise<void> {
  const { to, letter } = letterOf(payload)
  const rendered = await renderLetter(letter)
  if (runtime().env.SMTP_URL) return sendBySmtp(to, id, letter, rendered)
  if (!hasMailSink()) throw new Error('no mail can be sent: set SMTP_URL')
  await sinkMail({ id, to, link: letter.action.link, ...rendered })
}

/**
 * One part for programs that show HTML, one for those that do not; no picture, and nothing that tells of its reading.
 * A server that hangs is given up long before another worker may take the mail for unsent (digests/digest.ts).
 */
async function sendBySmtp(to: string, id: string, letter: Letter, rendered: Rendered): Promise<void> {
  const { env } = runtime()
  const transport = nodemailer.createTransport({
    url: env.SMTP_URL,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  await transport.sendMail({
    messageId: `<${id}@${new URL(env.ORIGIN).hostname}>`,
    from: env.MAIL_FROM,
    to,
    ...rendered,
    headers: { 'Auto-Submitted': 'auto-generated', ...unsubscribing(letter) },
  })
}

/** RFC 2369 and RFC 8058: programs offer to end what comes regularly, by one POST to that address. */
const unsubscribing = ({ unsubscribe }: Letter): Record<string, string> =>
  unsubscribe
    ? {
        'List-Unsubscribe': `<${unsubscribe.oneClick}>`,
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      }
    : {}
