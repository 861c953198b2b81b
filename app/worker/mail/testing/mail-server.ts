import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'

export type MailServer = {
  url: string
  /** What it took, as a mail program reads it; with each the raw text. */
  received: { mail: ParsedMail; raw: string }[]
  /** From now on it refuses everybody, in these words; null ends that. */
  refuse(words: string | null): void
  close(): Promise<void>
}

/** A real SMTP server on a port of its own. */
export async function startMailServer(): Promise<MailServer> {
  const received: MailServer['received'] = []
  let refusal: string | null = null
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => (refusal === null ? done() : done(new Error(refusal))),
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        void simpleParser(raw).then((mail) => {
          received.push({ mail, raw: raw.toString() })
          done()
        }, done)
      })
    },
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    received,
    refuse(words) {
      refusal = words
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
