import { createSocket } from 'node:dgram'
import { isIPv4 } from 'node:net'

/** What is answered to a question for addresses; nothing where a name has none of the kind. */
type Zone = Record<string, { A?: string; AAAA?: string }>

export type NameServer = {
  /** As a resolver takes it. */
  address: string
  /** Which questions came, in their order. */
  asked: string[]
  close(): Promise<void>
}

const types: Record<number, 'A' | 'AAAA'> = { 1: 'A', 28: 'AAAA' }
const codes = { none: 0, failure: 2, noSuchName: 3 }

/** A name server (RFC 1035) with these names. `silence` is an answer that never comes, `failure` is SERVFAIL. */
export async function startNameServer(zone: Zone): Promise<NameServer> {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message, from) => {
    const { name, type, end } = questionOf(message)
    asked.push(`${name} ${type}`)
    const known = zone[name]
    const found = type && known?.[type]
    if (found === 'silence') return
    const code = found === 'failure' ? codes.failure : known ? codes.none : codes.noSuchName
    const data = found && code === codes.none ? bytesOf(found) : null
    const header = Buffer.from([
      ...message.subarray(0, 2),
      0x81,
      0x80 | code,
      0,
      1,
      0,
      data ? 1 : 0,
      0,
      0,
      0,
      0,
    ])
    // Of the name that was asked for (a pointer to it), of its type, for a minute.
    const answer = data
      ? [
          Buffer.from([0xc0, 12]),
          message.subarray(end - 4, end),
          Buffer.from([0, 0, 0, 60, 0, data.length]),
          data,
        ]
      : []
    socket.send(Buffer.concat([header, message.subarray(12, end), ...answer]), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

function questionOf(message: Buffer): { name: string; type: 'A' | 'AAAA' | undefined; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: types[message.readUInt16BE(at + 1)], end: at + 5 }
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [before = '', after = ''] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const [head, tail] = [groups(before), groups(after)]
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  const hex = [...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join('')
  return Buffer.from(hex, 'hex')
}
