import { pino } from 'pino'

/** One JSON object a line to stdout. What could sign somebody in never gets there. */
export const createLog = (process: string) =>
  pino({
    base: { process },
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
  })
