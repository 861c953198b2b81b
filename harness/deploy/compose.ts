import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { interpolated } from './interpolation.ts'

const Healthcheck = z.object({
  test: z.array(z.string()).min(2),
  interval: z.string().optional(),
  timeout: z.string().optional(),
  retries: z.number().optional(),
  start_period: z.string().optional(),
})

/** What we write of the Compose Specification; its own schema knows more, and a test holds the file against that. */
const Service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), dockerfile: z.string(), target: z.string() }).optional(),
  user: z.string().optional(),
  restart: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  mem_limit: z.string().optional(),
  pids_limit: z.number().optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  command: z.array(z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  stop_signal: z.string().optional(),
  stop_grace_period: z.string().optional(),
  healthcheck: Healthcheck.optional(),
})

const File = z.object({ services: z.record(z.string(), Service), volumes: z.record(z.string(), z.unknown()) })

type Mounted = { source: string; target: string; readOnly: boolean }

export type ComposeService = Omit<z.infer<typeof Service>, 'environment' | 'volumes' | 'tmpfs'> & {
  name: string
  environment: Record<string, string>
  /** Files of the checkout, by their path. */
  files: Mounted[]
  /** Volumes, by their name. */
  volumes: Mounted[]
  tmpfs: string[]
}

/**
 * A compose file as one reads it who starts it: its variables filled in.
 * @param values of the environment file
 * @throws UsageError where a variable that must be there is not
 */
export async function readCompose(
  file: string,
  values: Record<string, string>,
): Promise<Record<string, ComposeService>> {
  const { services } = File.parse(filledIn(await readDocument(file), values))
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      const mounted = service.volumes.map((text) => mountedBy(text, dirname(file)))
      const environment = Object.entries(service.environment).flatMap(([key, value]) => {
        // Without a value here it has that of the environment file, or is not set.
        const given = value ?? interpolated(values[key] ?? '', values)
        return given === '' ? [] : [[key, given] as const]
      })
      return [
        name,
        {
          ...service,
          name,
          environment: Object.fromEntries(environment),
          files: mounted.filter(({ source }) => source.startsWith('/')),
          volumes: mounted.filter(({ source }) => !source.startsWith('/')),
          tmpfs: service.tmpfs.map((text) => text.split(':')[0] ?? ''),
        },
      ]
    }),
  )
}

export const readDocument = async (file: string): Promise<unknown> =>
  parse(await readFile(file, 'utf8'), { merge: true })

function filledIn(value: unknown, values: Record<string, string>): unknown {
  if (typeof value === 'string') return interpolated(value, values)
  if (Array.isArray(value)) return value.map((each) => filledIn(each, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filledIn(each, values)]))
}

function mountedBy(text: string, directory: string): Mounted {
  const [source = '', target = '', mode = 'rw'] = text.split(':')
  const isFile = source.startsWith('.') || source.startsWith('/')
  return { source: isFile ? resolve(directory, source) : source, target, readOnly: mode === 'ro' }
}
