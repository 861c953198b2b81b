import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sessionToken } from '@headroom/seed/rows.ts'
import { execa } from 'execa'
import { project } from '../project.ts'
import { type Stack, startStack } from '../stack/stack.ts'
import { pythonPackage } from '../toolchain/python.ts'

const schemathesis = { name: 'schemathesis', version: '4.32.5' }
const population = { seed: 1, organisations: 8, users: 120 }

export type FuzzOptions = {
  /** For each of the two. */
  milliseconds: number
  seed?: number
  /** Ours alone. */
  ownOnly: boolean
}

/**
 * Sends the API of a stack of its own what nobody should send, first by our own fuzz of every field
 * (app/api/testing/fuzz), then by schemathesis, which knows nothing of us but the OpenAPI document.
 * @returns whether every answer was one that the document promises
 */
export async function runFuzz(
  { milliseconds, seed, ownOnly }: FuzzOptions,
  say: (line: string) => void,
): Promise<boolean> {
  const python = ownOnly ? null : await pythonPackage(schemathesis)
  const stack = await startStack({
    population,
    say,
    mode: 'test',
    parts: ['postgres', 'redis', 'store', 'api', 'worker', 'edge'],
    // Refusals for their number would hide the others.
    env: { RATE_LIMIT_SCALE: '100000' },
  })
  try {
    const seconds = Math.ceil(milliseconds / 1_000)
    const own = await execa(process.execPath, [join(project, 'app/api/testing/fuzz/main.ts')], {
      stdio: 'inherit',
      reject: false,
      cwd: project,
      env: {
        ...stack.env,
        FUZZ_SECONDS: String(seconds),
        ...(seed === undefined ? {} : { FUZZ_SEED: String(seed) }),
      },
    })
    const theirs = python === null || (await bySchemathesis(stack, python, seconds, seed))
    return own.exitCode === 0 && theirs
  } finally {
    await stack.stop()
  }
}

/**
 * Without `positive_data_acceptance`: what the schema allows may be nobody's in this tenant; and without those that
 * send no session, which has a test of its own.
 */
const checks = [
  ...[
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_schema_conformance',
  ],
  ...['response_headers_conformance', 'negative_data_rejection', 'unsupported_method'],
]

/** As the owner of the first organisation; what ends that session is left out. */
async function bySchemathesis(
  stack: Stack,
  python: string,
  seconds: number,
  seed: number | undefined,
): Promise<boolean> {
  const cookie = `authjs.session-token=${sessionToken(population, 0, stack.sessionSecret)}`
  const directory = await mkdtemp(join(tmpdir(), 'headroom-fuzz-'))
  try {
    const { exitCode } = await execa(
      join(dirname(python), 'schemathesis'),
      [
        ...['run', `${stack.origin}/openapi.json`, '--url', stack.origin],
        ...['--header', `Cookie: ${cookie}`, '--generation-with-security-parameters', 'false'],
        ...[
          '--max-time',
          String(seconds),
          '--checks',
          checks.join(','),
          '--continue-on-failure',
          '--no-shrink',
        ],
        ...[
          '--exclude-operation-id-regex',
          '^(me\\.remove|organisation\\.(remove|leave|transfer)|session\\..*|me\\.setPassword)$',
        ],
        ...(seed === undefined ? [] : ['--seed', String(seed)]),
      ],
      { stdio: 'inherit', reject: false, cwd: directory },
    )
    return exitCode === 0
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
