import { request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { TooLate, within } from '@worklane/data/within.ts'
import { faultOfUrl, hostOf, isPublic } from '@worklane/domain/webhooks/address.ts'
import { type Address, atNameServers, atSystem, type LookUp } from './look-up.ts'
import { askedPause } from './retries.ts'

export type Message = { url: string; headers: Record<string, string>; body: string }

/** What came of a try. */
export type Answer = {
  /** Null where there was none. */
  status: number | null
  /** Why there was none, in words for who gave the address; none of what is inside of our network. */
  error: string | null
  /** How it begins. */
  response: string
  /** How long the receiver asks to be left alone, in milliseconds. */
  askedPauseMs: number | null
}

export type PostLimits = {
  /** For development: the machine's own look-up is used then, which knows `/etc/hosts`. */
  allowPrivate: boolean
  timeoutMs?: number
  /** In the place of both ways to look a name up. */
  lookUp?: LookUp
  /** Who is asked for names, in the place of the machine's name servers. */
  nameServers?: readonly string[]
}

/** A receiver has so long, from the look-up of its name to its status. */
const answerWithinMs = 10_000
const longestResponse = 1_024

/**
 * Sends a message to an address that a customer chose. Nothing inside of our network can be reached by it: the name is
 * looked up once, every address that it leads to must be public, and the connection goes to these very addresses,
 * whatever the name leads to a moment later. No redirect is followed, and no proxy of the environment is used.
 * @throws the reason of `signal` where that ended it: then it is not known what came of it
 */
export async function post(message: Message, signal: AbortSignal, limits: PostLimits): Promise<Answer> {
  const { allowPrivate, timeoutMs = answerWithinMs, nameServers } = limits
  const { lookUp = allowPrivate ? atSystem : atNameServers(nameServers) } = limits
  const timeout = AbortSignal.timeout(timeoutMs)
  const ending = AbortSignal.any([signal, timeout])
  try {
    const url = new URL(message.url)
    if (faultOfUrl(message.url, allowPrivate) !== null) throw new Refused()
    const addresses = await within(timeoutMs, addressesOf(hostOf(url), lookUp, ending))
    if (!allowPrivate && !addresses.every(({ address }) => isPublic(address))) throw new Refused()
    return await send(url, message, addresses, ending)
  } catch (error) {
    signal.throwIfAborted()
    const isLate = timeout.aborted || error instanceof TooLate
    return {
      status: null,
      error: isLate ? late(timeoutMs) : inWords(error),
      response: '',
      askedPauseMs: null,
    }
  }
}

class Refused extends Error {}

async function addressesOf(host: string, lookUp: LookUp, signal: AbortSignal): Promise<Address[]> {
  const family = isIP(host)
  const found = family === 0 ? await lookUp(host, signal) : [{ address: host, family }]
  if (found.length === 0) throw Object.assign(new Error('nothing found'), { code: 'ENOTFOUND' })
  return found
}

function send(
  url: URL,
  { headers, body }: Message,
  addresses: Address[],
  signal: AbortSignal,
): Promise<Answer> {
  // Node asks for one or for all of them; an address in the place of a name it does not look up at all.
  const lookup: LookupFunction = (_, options, callback) => {
    const [first] = addresses as [Address]
    // Never at once: a connection that fails at once would do so before anybody listens to its errors, which ends the process.
    setImmediate(() => {
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    // A connection of its own: none that was opened for somebody else, and none by a proxy.
    agent: false,
    lookup,
    signal,
  }
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  let isAnswered = false
  const asked = (url.protocol === 'https:' ? requestTls : requestPlain)(url, options, (answer) => {
    isAnswered = true
    const chunks: Buffer[] = []
    let size = 0
    // The status is the answer: what is read of the rest, or is not, changes nothing.
    const end = () => {
      answer.destroy()
      const status = answer.statusCode ?? 0
      const askedPauseMs = askedPause(status, answer.headers['retry-after'])
      resolve({ status, error: null, response: textOf(chunks), askedPauseMs })
    }
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= longestResponse) end()
    })
    answer.on('end', end)
    answer.on('error', end)
    answer.on('close', end)
  })
  asked.on('error', (error) => {
    if (!isAnswered) reject(error)
  })
  asked.end(body)
  return promise
}

/** Whatever it is, Postgres can keep it and a page can show it. */
const textOf = (chunks: Buffer[]): string =>
  Buffer.concat(chunks).subarray(0, longestResponse).toString('utf8').replaceAll('\0', '').toWellFormed()

const late = (ms: number) => `No answer within ${ms / 1_000} seconds.`

const words: Record<string, string> = {
  ENOTFOUND: 'The name leads to no address.',
  EAI_AGAIN: 'The name could not be looked up.',
  ECONNREFUSED: 'The connection was refused.',
  ECONNRESET: 'The connection was cut off.',
  EPIPE: 'The connection was cut off.',
  EHOSTUNREACH: 'The address cannot be reached.',
  ENETUNREACH: 'The address cannot be reached.',
  ETIMEDOUT: 'The address cannot be reached.',
}

function inWords(error: unknown): string {
  if (error instanceof Refused) return 'The address is not a public one: nothing was sent.'
  // Of several addresses each has its own reason.
  const [first] = error instanceof AggregateError ? error.errors : [error]
  const { code = '' } = first as { code?: string }
  if (/^(ERR_TLS|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_SSL|EPROTO)/.test(code))
    return `No safe connection: ${code}.`
  if (code.startsWith('HPE_')) return 'What came back is no HTTP.'
  return words[code] ?? `The connection failed${code ? `: ${code}` : ''}.`
}
