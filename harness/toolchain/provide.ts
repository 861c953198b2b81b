import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../plan/usage.ts'
import { cacheDirectory, type Found, findTool, variableOf } from './find.ts'
import { lock } from './lock.ts'
import { makeDirectory } from './make-directory.ts'
import { type Tool, type ToolName, tools } from './tools.ts'
import { commandOf, go, WayFailed } from './ways.ts'

export type Toolbox<Name extends ToolName = ToolName> = Record<Name, Found>

/**
 * Finds the tools, and installs those that are missing.
 * @param say gets a line whenever something takes time
 * @throws UsageError that names the tool, what was tried and what to run by hand
 */
export async function provide<Name extends ToolName>(
  names: readonly Name[],
  say: (line: string) => void = () => {},
  table: Record<string, Tool> = tools,
): Promise<Toolbox<Name>> {
  const found = await Promise.all(
    names.map(async (name) => {
      const tool = table[name] as Tool
      return [name, (await findTool(tool)) ?? (await install(tool, say))] as const
    }),
  )
  return Object.fromEntries(found) as Toolbox<Name>
}

async function install(tool: Tool, say: (line: string) => void): Promise<Found> {
  return oneAtATime(
    join(cacheDirectory(), tool.name),
    async () => (await findTool(tool)) ?? tryWays(tool, say),
    `${tool.name} ${tool.minimum} or newer is missing`,
  )
}

/**
 * Two runs at once: the second waits, and then finds what the first one installed.
 * @param file need not exist
 * @param missing why it is wanted
 * @throws UsageError where the tool cache cannot be written
 */
export async function oneAtATime<T>(file: string, work: () => Promise<T>, missing: string): Promise<T> {
  const release = await makeDirectory(dirname(file))
    .then(() => lock(file))
    .catch(({ code, message }: NodeJS.ErrnoException) => {
      throw new UsageError(
        `${missing}, and the tool cache ${cacheDirectory()} cannot be written (${code ?? message})`,
        'name a directory of this user in HEADROOM_CACHE, or install it by hand',
      )
    })
  try {
    return await work()
  } finally {
    await release()
  }
}

async function tryWays(tool: Tool, say: (line: string) => void): Promise<Found> {
  const tried: string[] = []
  for (const way of tool.ways) {
    const started = performance.now()
    const seconds = () => ((performance.now() - started) / 1000).toFixed(0)
    say(`${tool.name}: installing (${commandOf(tool, way)}) …`)
    const progress = setInterval(() => say(`${tool.name}: still at it, ${seconds()} s`), 20_000)
    try {
      await go(tool, way)
      const found = await findTool(tool)
      if (!found)
        throw new WayFailed(`installed, but no ${tool.programs[0]} ${tool.minimum} or newer came of it`)
      say(`${tool.name}: ${found.version} installed in ${seconds()} s`)
      return found
    } catch (error) {
      if (!(error instanceof WayFailed) && !isOfCache(error)) throw error
      tried.push(`${way.kind}: ${(error as Error).message}`)
    } finally {
      clearInterval(progress)
    }
  }
  const byHand = tool.ways.map((way) => commandOf(tool, way))[0]
  throw new UsageError(
    `${tool.name} ${tool.minimum} or newer is missing and could not be installed (${tried.join('; ')})`,
    `install it by hand (${byHand}), or name its program in ${variableOf(tool)}`,
  )
}

/** The system's word that the cache cannot take it: full, another user's, or a file. */
const isOfCache = (error: unknown) =>
  error instanceof Error &&
  'path' in error &&
  resolve(String(error.path)).startsWith(resolve(cacheDirectory()))
