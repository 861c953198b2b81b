import type pg from 'pg'

export type ChannelBinding = {
  /** pg's own: taken where the server offers it. */
  enableChannelBinding: boolean
  /** Ours: a server that does not offer it gets no password. */
  requireChannelBinding: boolean
}

/** What a server asks for that proves nothing of the server itself, by the events that pg makes of it. */
const unbound = ['authenticationCleartextPassword', 'authenticationMD5Password', 'authenticationOk']

/**
 * Holds a connection to `channel_binding=require`, as libpq does: the server proves that it knows the password's
 * verifier and is the one at the end of the TLS connection (SCRAM-SHA-256-PLUS, RFC 5802 section 6), or the connection
 * ends before anything of the password is sent. pg falls back to plain SCRAM.
 *
 * `connection` and its events are inside of pg (tried on 8.23.1); own-servers.integration.test.ts
 * notices when they are gone.
 */
export function requireChannelBinding({ connection }: pg.Client): void {
  let bound = false
  const refuse = () => {
    // Nobody else answers what the server asked for.
    for (const event of [...unbound, 'authenticationSASL']) connection.removeAllListeners(event)
    connection.emit('error', Object.assign(new Error('no channel binding'), { code: 'NO_BINDING' }))
    connection.stream.destroy()
  }
  connection.prependListener('authenticationSASL', ({ mechanisms }: { mechanisms: string[] }) => {
    if (!mechanisms.includes('SCRAM-SHA-256-PLUS')) refuse()
  })
  connection.prependListener('authenticationSASLFinal', () => {
    bound = true
  })
  for (const event of unbound) {
    connection.prependListener(event, () => {
      if (!bound) refuse()
    })
  }
}
