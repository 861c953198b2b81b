import { existsSync } from 'node:fs'
import { dirname } from 'node:path'

/** A process as a container has it: its own file system that nobody can write to, a user without rights, no more. */
export type Container = {
  mounts: Mount[]
  /** What may be written to, and is gone with the process. */
  tmpfs: string[]
  directory: string
  user: number
  env: Record<string, string>
  /** False only as a known-bad case. */
  readOnly: boolean
}

export type Mount = { source: string; target: string; writable?: boolean }

/** What a program of this machine needs in the place of an image's own system. */
const system = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/usr/share',
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/nginx',
  '/etc/nsswitch.conf',
  '/etc/ssl',
]
const links = ['bin', 'sbin', 'lib', 'lib32', 'lib64']

/**
 * The command line that runs a command in a container of bubblewrap's. Where we are root it ends up as the user
 * without rights for real; elsewhere in a user namespace, where the kernel lets us.
 */
export function commandIn(container: Container, bubblewrap: string, command: string[]): [string, string[]] {
  const { mounts, tmpfs, directory, user, env, readOnly } = container
  const isRoot = process.getuid?.() === 0
  const inside = isRoot
    ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP']
    : ['--unshare-user', '--uid', String(user), '--gid', String(user)]
  const dropped = isRoot
    ? [
        ...['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'],
        ...['--bounding-set=-all', '--inh-caps=-all', '--'],
      ]
    : []
  const present = system.filter((path) => existsSync(path))
  const directories = new Set(
    [...present, ...tmpfs, ...mounts.map(({ target }) => target)].flatMap(parentsOf),
  )
  const args = [
    ...['--unshare-ipc', '--unshare-uts', '--clearenv', ...inside],
    // By itself it makes them for root alone.
    ...[...directories].sort().flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...present.flatMap((path) => ['--ro-bind', path, path]),
    ...links
      .filter((name) => existsSync(`/${name}`))
      .flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...tmpfs.flatMap((path) => ['--perms', '1777', '--tmpfs', path]),
    ...mounts.flatMap(({ source, target, writable }) => [writable ? '--bind' : '--ro-bind', source, target]),
    ...(readOnly ? ['--remount-ro', '/'] : []),
    ...Object.entries({ PATH: '/usr/local/bin:/usr/bin:/usr/sbin:/bin', ...env }).flatMap(([name, value]) => [
      '--setenv',
      name,
      value,
    ]),
    ...['--chdir', directory, '--', ...dropped, ...command],
  ]
  // bubblewrap stays in front of the process: it must not end before that does, by the signal that is for both.
  return ['/bin/sh', ['-c', 'trap "" TERM INT QUIT; exec "$@"', 'sh', bubblewrap, ...args]]
}

/** The directories that a path is in, without those that a bind brings along. */
function parentsOf(path: string): string[] {
  const parent = dirname(path)
  return parent === '/' ? [] : [...parentsOf(parent), parent]
}
