import { type DestinationStream, pino, stdSerializers } from 'pino'

/** One JSON object a line to stdout. What could sign somebody in never gets there. */
export const createLog = (process: string, into?: DestinationStream) =>
  pino(
    {
      base: { process },
      serializers: { err: (error: Error) => serialized(error) },
      level: globalThis.process.env.LOG_LEVEL ?? 'info',
      redact: [
        '*.cookie',
        '*.authorization',
        '*.token',
        '*.password',
        'cookie',
        'authorization',
        'token',
        'password',
      ],
    },
    into,
  )

/**
 * An error as pino tells it, without what libraries put there of what they were given: ioredis says which command failed,
 * of AUTH with the password; `new URL` says the text.
 */
const serialized = (error: Error): unknown => harmless(stdSerializers.err(error))

function harmless(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(harmless)
  if (typeof told !== 'object' || told === null) return told
  const { command, input: _, ...rest } = told as Record<string, unknown>
  const { name } = (command ?? {}) as { name?: unknown }
  const entries = Object.entries(rest).map(([key, value]) => [key, isError(value) ? harmless(value) : value])
  return { ...Object.fromEntries(entries), ...(typeof name === 'string' ? { command: name } : {}) }
}

const isError = (value: unknown) =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && 'stack' in value)
