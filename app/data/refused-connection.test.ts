import { describe, expect, it } from 'vitest'
import { codeOf, mayPass, RefusedConnection, refusedBecause } from './refused-connection.ts'
import { WrongZoneError } from './utc-client.ts'
import { TooLate } from './within.ts'

const coded = (code: string, message = 'of a library') => Object.assign(new Error(message), { code })

describe('a connection that fails as a process starts', () => {
  it.each<[string, unknown]>([
    ['nothing listens yet', coded('ECONNREFUSED')],
    [
      'of every family nothing listens yet',
      new AggregateError([coded('ECONNREFUSED'), coded('EADDRNOTAVAIL')]),
    ],
    ['the server is starting', coded('57P03')],
    ['the server was stopped', coded('57P01')],
    ['no connection is left', coded('53300')],
    ['nothing comes in time', new TooLate('no answer within 5000 ms')],
    ['Redis loads its data', new Error('LOADING Redis is loading the dataset in memory')],
    ['Redis runs a script', new Error('BUSY Redis is busy running a script.')],
    [
      'a replica has lost its primary',
      new Error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    ],
    ['it is closed in the middle', new Error('Connection terminated unexpectedly')],
  ])('is tried again where %s', (_, error) => expect(mayPass(error)).toBe(true))

  it.each<[string, unknown]>([
    ['the password is wrong', coded('28P01')],
    ['the string was refused', new RefusedConnection('DATABASE_URL', 'names no host', 'write one')],
    ['the server works in another zone', new WrongZoneError('TimeZone', 'Asia/Kolkata')],
    ['the server offers no channel binding', coded('NO_BINDING')],
    ['something fails that nobody foresaw', new TypeError('x is not a function')],
    ['a code says nothing to us', coded('XX000')],
    ['Redis does not know the command', new Error("ERR unknown command 'select'")],
  ])('is refused at once where %s', (_, error) => {
    expect(mayPass(error)).toBe(false)
    expect(refusedBecause('DATABASE_URL', error).message).toMatch(/^DATABASE_URL .+ — .+/)
  })

  it('is told by its code, whatever a message holds', () => {
    expect(codeOf(coded('ECONNREFUSED', 'timeout for postgres://u:geheim@h/d'))).toBe('ECONNREFUSED')
    expect(refusedBecause('DATABASE_URL', new Error('for postgres://u:geheim@h/d')).message).not.toContain(
      'geheim',
    )
  })
})
