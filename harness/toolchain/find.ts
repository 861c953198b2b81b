import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { execa } from 'execa'
import type { Tool } from './tools.ts'

export type Found = { path: string; version: string; from: 'PATH' | 'cache' | string }

/** Where installed tools are kept between runs. */
export const cacheDirectory = () =>
  process.env.HEADROOM_CACHE ?? join(import.meta.dirname, '../../.headroom/tools')

/** The variable that names a tool's program outright, for example HEADROOM_K6. */
export const variableOf = (tool: Tool) => `HEADROOM_${tool.name.toUpperCase().replaceAll('-', '_')}`

/** A program that is there and new enough: from the variable, PATH or the cache; undefined otherwise. */
export async function findTool(tool: Tool): Promise<Found | undefined> {
  const named = process.env[variableOf(tool)]
  const candidates = [
    ...(named ? [{ path: named, from: variableOf(tool) }] : []),
    ...(await onPath(tool.programs)).map((path) => ({ path, from: 'PATH' })),
    { path: join(cacheDirectory(), 'bin', tool.programs[0] ?? tool.name), from: 'cache' },
  ]
  for (const { path, from } of candidates) {
    const version = await versionOf(tool, path)
    if (version !== undefined && isAtLeast(version, tool.minimum)) return { path, version, from }
  }
  return undefined
}

/** The version that a program prints of itself, or undefined when it does not run or prints none. */
export async function versionOf(tool: Tool, path: string): Promise<string | undefined> {
  if (!(await isExecutable(path))) return undefined
  const { stdout, stderr } = await execa(path, tool.version.args, {
    reject: false,
    timeout: 20_000,
    stdin: 'ignore',
  })
  return tool.version.pattern.exec(`${stdout}\n${stderr}`)?.[1]
}

/** Compares dotted numbers: 1.10.0 is at least 1.9.9. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number)) as [number[], number[]]
  for (const [index, wanted] of want.entries()) {
    const difference = (have[index] ?? 0) - wanted
    if (difference !== 0) return difference > 0
  }
  return true
}

async function onPath(programs: readonly string[]): Promise<string[]> {
  // A package manager's own folders are not on every user's PATH.
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  const paths = programs.flatMap((program) =>
    isAbsolute(program)
      ? [program]
      : directories.filter(Boolean).map((directory) => join(directory, program)),
  )
  const executable = await Promise.all(paths.map(isExecutable))
  return paths.filter((_, index) => executable[index])
}

const isExecutable = (path: string) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
