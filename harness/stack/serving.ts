import { lookup } from 'node:dns/promises'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { ProcessRow } from './usage.ts'

/** Who serves on ports of this machine, and whom they ask in turn. */
export type Serving = {
  pids: number[]
  /** Of which nobody can tell who serves, or who only hands on to processes that are not to be seen from here. */
  unknown: number[]
}

/** They stand at a port for the processes of a container, which are another's children. */
const forwarders = /^(docker-proxy|rootlesskit|rootlessport|slirp4netns|pasta|gvproxy|vpnkit|com\.docker)/

/**
 * Which processes serve on these ports: those that listen there, and those on this machine that they hold connections
 * to, such as the app behind a proxy and the database behind the app.
 */
export async function whoServes(ports: readonly number[], table: readonly ProcessRow[]): Promise<Serving> {
  if (ports.length === 0) return { pids: [], unknown: [] }
  const [sockets, owners] = await Promise.all([socketsHere(), ownersOfSockets(table)])
  const nameOf = new Map(table.map(({ pid, name }) => [pid, name]))
  const children = Map.groupBy(table, ({ parent }) => parent)
  const listening = Map.groupBy(
    sockets.filter(({ listens }) => listens),
    ({ localPort }) => localPort,
  )
  const listenersAt = (port: number) =>
    (listening.get(port) ?? []).flatMap(({ inode }) => owners.pidsOf.get(inode) ?? [])
  const remotePorts = new Map(
    sockets.flatMap(({ listens, isLocal, inode, remotePort }) =>
      !listens && isLocal ? [[inode, remotePort] as const] : [],
    ),
  )
  const found = new Set<number>()
  const queue = ports.flatMap(listenersAt)
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    if (found.has(pid)) continue
    found.add(pid)
    const asked = (owners.socketsOf.get(pid) ?? []).flatMap((inode) => remotePorts.get(inode) ?? [])
    queue.push(...(children.get(pid) ?? []).map((child) => child.pid), ...asked.flatMap(listenersAt))
  }
  // Where it is ourselves who listen, as in a test, those who ask us are not asked by us.
  const unknown = ports.filter((port) => {
    const at = listenersAt(port)
    return at.length === 0 || at.some((pid) => forwarders.test(nameOf.get(pid) ?? ''))
  })
  return { pids: [...found], unknown }
}

/** The port of an address that is on this machine; null of any other. */
export async function portHere(address: string): Promise<number | null> {
  if (!URL.canParse(address)) return null
  const { hostname, port, protocol } = new URL(address)
  const isHere = await isOnThisMachine(hostname.replace(/^\[|\]$/g, ''))
  return isHere ? Number(port) || (protocol === 'https:' ? 443 : 80) : null
}

export async function isOnThisMachine(host: string): Promise<boolean> {
  const found = await lookup(host).catch(() => null)
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return (
    found !== null && (found.address.startsWith('127.') || own.some((each) => each.address === found.address))
  )
}

type Socket = { localPort: number; remotePort: number; isLocal: boolean; listens: boolean; inode: string }

/** TCP_LISTEN and TCP_ESTABLISHED of the kernel's tcp_states.h. */
const states = { listen: '0A', established: '01' }

async function socketsHere(): Promise<Socket[]> {
  const files = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  return files.flatMap((text) => text.split('\n').slice(1).flatMap(socketIn))
}

/** Fields of /proc/net/tcp, see proc_net_tcp(5). */
function socketIn(line: string): Socket[] {
  const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/)
  if (state !== states.listen && state !== states.established) return []
  const [, localPort = ''] = local.split(':')
  const [remoteAddress = '', remotePort = ''] = remote.split(':')
  return [
    {
      inode,
      listens: state === states.listen,
      localPort: Number.parseInt(localPort, 16),
      remotePort: Number.parseInt(remotePort, 16),
      isLocal: loopback.test(remoteAddress),
    },
  ]
}

/** 127.0.0.0/8, ::1 and 127.0.0.0/8 mapped into IPv6, as the kernel writes them on machines with the small end first. */
const loopback = /^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F)$/

type Owners = { pidsOf: Map<string, number[]>; socketsOf: Map<number, string[]> }

/** Of those processes whose files we may see. */
async function ownersOfSockets(table: readonly ProcessRow[]): Promise<Owners> {
  const owners: Owners = { pidsOf: new Map(), socketsOf: new Map() }
  for (const { pid, isKernel } of table) {
    if (isKernel) continue
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')))
    const inodes = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
    owners.socketsOf.set(pid, inodes)
    for (const inode of inodes) owners.pidsOf.set(inode, [...(owners.pidsOf.get(inode) ?? []), pid])
  }
  return owners
}
