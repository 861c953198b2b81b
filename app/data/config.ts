import { z } from 'zod'
import { postgresAddress } from './postgres-address.ts'
import { redisAddress } from './redis-address.ts'
import { RefusedConnection } from './refused-connection.ts'

const port = z.coerce.number().int().min(1).max(65_535)

/** A connection string that can be kept as its owner means it; why not is told without any part of it. */
const readBy = (read: (variable: string, text: string) => unknown) =>
  z
    .string()
    .trim()
    .superRefine((text, context) => {
      try {
        read('', text)
      } catch (error) {
        if (!(error instanceof RefusedConnection)) throw error
        context.addIssue({ code: 'custom', message: `${error.problem} — ${error.fix}` })
      }
    })
const postgres = readBy(postgresAddress)

/** One secret, or two with a comma while one takes the place of the other. */
const oneOrTwo = (secret: z.ZodString) =>
  z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter(Boolean),
    )
    .pipe(z.array(secret).min(1, 'names none').max(2, 'names more than two'))

/** What a browser sends as `Origin`. Called with whatever the variable holds, also where that is no address. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, origin } = new URL(text)
  return /^https?:$/.test(protocol) && origin === text
}

const common = z.object({
  WORKLANE_ENV: z.enum(['production', 'loadtest', 'development', 'test']).default('production'),
  /** Where people find the application, as browsers send it: links begin with it, and writes from elsewhere are refused. */
  ORIGIN: z
    .string()
    .refine(isOrigin, 'must be scheme and host alone, in small letters, such as https://app.example.com'),
  REDIS_URL: readBy(redisAddress),
  APP_DATABASE_URL: postgres,
  DATABASE_POOL: z.coerce.number().int().min(1).max(100).default(10),
  WORKLANE_FAULTS: z.string().default(''),
  /** Where mail goes out; without it, and outside of production, it goes to a page of the application. In production it must be there. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().default('Worklane <no-reply@worklane.example>'),
  /** Upstash's REST address and token for rate limits; without them they go through REDIS_URL. */
  UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/ }).optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
  /** Multiplies every rate limit; tests make it small, load runs large. */
  RATE_LIMIT_SCALE: z.coerce.number().positive().default(1),
  /** How long a request waits for the limits' store before it is let through uncounted. Milliseconds. */
  RATE_LIMIT_PATIENCE_MS: z.coerce.number().int().min(1).max(60_000).default(250),
  /** Reads a minute that an organisation may make at most, whatever its plan pays for: what the machine can spare. */
  ORGANISATION_READS_CAP: z.coerce.number().positive().optional(),
  /** Payments, by Stripe; without its key billing is off. */
  STRIPE_SECRET_KEY: z.string().min(1).optional(),
  /** Where Stripe is, when it is not Stripe: the payments sandbox. */
  STRIPE_API_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** What signs its webhooks; two with a comma while one takes the other's place. */
  STRIPE_WEBHOOK_SECRETS: oneOrTwo(z.string()).optional(),
  /** What seals secrets that have to be read again, such as those of webhooks; without it there are no webhooks. */
  ENCRYPTION_KEYS: oneOrTwo(z.string().min(32, 'has a key that is shorter than 32 characters')).optional(),
  /** Webhooks may go by http, to any port and to addresses that are not public: for development and tests. */
  WEBHOOKS_ALLOW_PRIVATE: z
    .enum(['0', '1'])
    .default('0')
    .transform((text) => text === '1'),
  /** The object store that holds files; without it there are none. All of them, or none of them. */
  S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is no name of a bucket: 3 to 63 of a-z, 0-9, . and -')
    .optional(),
  S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  S3_REGION: z.string().min(1).default('auto'),
  /** Where browsers reach the store, when it is not S3_ENDPOINT: ORIGIN, if the edge stands in front of it. */
  S3_PUBLIC_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** A stream of live updates is open this long at most; its client comes back, to whichever process there is. */
  EVENT_STREAM_SECONDS: z.coerce.number().int().min(1).max(86_400).default(900),
})

/** The object store alone. */
export const storeEnvironment = common.pick({
  S3_ENDPOINT: true,
  S3_BUCKET: true,
  S3_ACCESS_KEY_ID: true,
  S3_SECRET_ACCESS_KEY: true,
  S3_REGION: true,
  S3_PUBLIC_ENDPOINT: true,
})

const listening = { HOST: z.string().default('127.0.0.1'), PORT: port }

/** What each process reads from its environment, once, at its start. */
export const environments = {
  api: common.extend({
    ...listening,
    AUTH_DATABASE_URL: postgres,
    INTAKE_DATABASE_URL: postgres.optional(),
    OPERATOR_DATABASE_URL: postgres.optional(),
  }),
  web: common.extend({
    AUTH_DATABASE_URL: postgres,
    AUTH_SECRET: z.string().min(32),
    OPERATOR_DATABASE_URL: postgres.optional(),
  }),
  worker: common.extend({
    ...listening,
    RELAY_DATABASE_URL: postgres,
    INTAKE_DATABASE_URL: postgres.optional(),
  }),
  domain: common.extend({
    AUTH_DATABASE_URL: postgres.optional(),
    INTAKE_DATABASE_URL: postgres.optional(),
    OPERATOR_DATABASE_URL: postgres.optional(),
  }),
}

export type Environment<Kind extends keyof typeof environments> = z.infer<(typeof environments)[Kind]>

/** One line that lists everything missing or wrong, so that a start is mended in one go. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
  constructor(kind: string, problems: string[]) {
    super(`the environment of ${kind} is not complete: ${problems.join('; ')}`)
  }
}

/** Reads the environment of a process. @throws ConfigurationError with every missing or wrong variable */
export function readEnvironment<Kind extends keyof typeof environments>(
  kind: Kind,
  source: Record<string, string | undefined> = process.env,
): Environment<Kind> {
  // Platforms set what has no value to nothing.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const parsed = environments[kind].safeParse(given)
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    ...missingOfStore(given).map(
      (name) => `${name}: is not set, and files need all of ${ofStore.join(', ')}`,
    ),
    ...missingInProduction(kind, given),
    ...privateWebhooks(parsed.data),
  ]
  if (parsed.success && problems.length === 0) return parsed.data as Environment<Kind>
  throw new ConfigurationError(kind, problems)
}

/** In production a customer could have the workers ask whatever the network holds. */
function privateWebhooks(env?: { WORKLANE_ENV: string; WEBHOOKS_ALLOW_PRIVATE: boolean }): string[] {
  if (env?.WORKLANE_ENV !== 'production' || !env.WEBHOOKS_ALLOW_PRIVATE) return []
  return ['WEBHOOKS_ALLOW_PRIVATE: is for development and tests, and WORKLANE_ENV is production; unset it']
}

/** Elsewhere there is something in its place. */
function missingInProduction(
  kind: keyof typeof environments,
  { WORKLANE_ENV = 'production', SMTP_URL }: Record<string, string | undefined>,
): string[] {
  // Who sends mails; the others leave it to the worker.
  if (WORKLANE_ENV !== 'production' || SMTP_URL !== undefined || kind !== 'worker') return []
  return ['SMTP_URL: is not set, and in production nobody could sign in by mail or be invited']
}

/** Of an object store, what has no default. */
export const ofStore = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const

/** What is missing of an object store that is set up in part. */
export function missingOfStore(source: Record<string, string | undefined>): string[] {
  const missing = ofStore.filter((name) => source[name] === undefined)
  return missing.length === ofStore.length ? [] : missing
}
