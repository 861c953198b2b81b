import { SMTPServer } from 'smtp-server'

export type ReceivedMail = { to: string[]; text: string }

/** A mail server that delivers to nobody, in the place of the service `mail`. */
export async function startMailSink(
  host: string,
  port: number,
): Promise<{ mails: ReceivedMail[]; stop(): Promise<void> }> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        mails.push({ to, text: Buffer.concat(chunks).toString('utf8') })
        done()
      })
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, host, resolve)
  })
  return { mails, stop: () => new Promise((resolve) => server.close(() => resolve())) }
}
