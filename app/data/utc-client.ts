import pg from 'pg'
import { type ChannelBinding, requireChannelBinding } from './channel-binding.ts'

/**
 * How times and days are written on a connection. Prisma's adapter and our own SQL take what the server says for UTC
 * in ISO form, whatever a server, a database or a role may be set to.
 */
const asked = { TimeZone: 'UTC', DateStyle: 'ISO, MDY' }

/** The names of a zone that is UTC at any time. */
const utc = /^(Etc\/)?(UTC|UCT|Universal|Zulu|GMT|Greenwich)$/i

const allowed: Record<string, (value: string) => boolean> = {
  TimeZone: (value) => utc.test(value),
  DateStyle: (value) => value.startsWith('ISO'),
}

// A Date is written as UTC, and a day stays the text that it is: by default both go through the process's own zone.
pg.defaults.parseInputDatesAsUTC = true
pg.types.setTypeParser(pg.types.builtins.DATE, String)

/**
 * A connection whose zone is UTC. It asks for that in its startup message, which stands above the settings of roles,
 * databases and servers, costs no round trip, and passes through poolers. Where the server says that it works in
 * another zone all the same, at the start or later, the connection is refused.
 *
 * `getStartupConf` and `connection` are inside of pg (tried on 8.23.1); utc-client.integration.test.ts notices when
 * they are gone. Protocol: PostgreSQL documentation, "Start-up" and "ParameterStatus".
 */
export class UtcClient extends pg.Client {
  constructor(config?: string | (pg.ClientConfig & Partial<ChannelBinding>)) {
    super(config)
    if (typeof config === 'object' && config.requireChannelBinding) requireChannelBinding(this)
    this.connection.on(
      'parameterStatus',
      ({ parameterName: name, parameterValue: value }: Record<string, string>) => {
        if (name === undefined || value === undefined || (allowed[name]?.(value) ?? true)) return
        // The rest of what came with it, such as that the server is ready, counts no more.
        this.connection.removeAllListeners('readyForQuery')
        this.connection.emit('error', new WrongZoneError(name, value))
        this.connection.stream.destroy()
      },
    )
  }

  getStartupConf(): Record<string, string> {
    const base = (pg.Client.prototype as unknown as { getStartupConf(): Record<string, string> })
      .getStartupConf
    return { ...base.call(this), ...asked }
  }
}

export class WrongZoneError extends Error {
  override name = 'WrongZoneError'
  readonly code = 'WRONG_ZONE'
  constructor(setting: string, value: string) {
    super(
      `Postgres works with ${setting} "${value}" although the connection asks for UTC in ISO form: ` +
        `let the pooler between them pass ${setting} on, or alter the role with "set ${setting} = …"`,
    )
  }
}
