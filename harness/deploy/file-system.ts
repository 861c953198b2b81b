import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from '../project.ts'
import type { Mount } from './container.ts'
import type { Copy, Image } from './dockerfile.ts'

/** Where what stages of deploy/Dockerfile make is on this machine. */
export type Made = {
  /** As `building` has it in /built. */
  built: string
  versitygw: string
  node: string
}

/** What an image holds, as mounts: each COPY is one, so that what is not copied is not there. */
export async function fileSystemOf(image: Image, made: Made): Promise<Mount[]> {
  const mounts = await Promise.all(image.copies.map((copy) => mountsOf(copy, made)))
  return [{ source: made.node, target: '/usr/local/bin/node' }, ...mounts.flat()]
}

async function mountsOf({ from, source, target }: Copy, made: Made): Promise<Mount[]> {
  if (from === null) return [{ source: join(project, source), target: target.replace(/\/$/, '') }]
  if (source.startsWith('/built/')) return childrenOf(join(made.built, source.slice('/built'.length)), target)
  if (source.endsWith('/versitygw')) return [{ source: made.versitygw, target }]
  // Volumes begin as empty directories.
  return []
}

/** A copy lays what is in a directory beside what is there already. */
async function childrenOf(directory: string, target: string): Promise<Mount[]> {
  const names = await readdir(directory)
  return names.map((name) => ({ source: join(directory, name), target: join(target, name) }))
}
