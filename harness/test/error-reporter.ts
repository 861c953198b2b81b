import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, SerializedError } from 'vitest/node'

/** Where the reporter writes, in the environment of vitest. */
export const errorsFile = 'HEADROOM_TEST_ERRORS'

/**
 * Writes what was thrown outside of every test, an array of lines: it fails the run, and vitest's JSON report does not
 * have it. vitest takes a reporter as a file's default export.
 */
export default class ErrorReporter implements Reporter {
  onTestRunEnd(_modules: unknown, errors: readonly SerializedError[]): void {
    const path = process.env[errorsFile]
    if (path) writeFileSync(path, JSON.stringify(errors.map(lineOf)))
  }
}

function lineOf(error: SerializedError): string {
  const { name, message, stack } = error
  const test = 'VITEST_TEST_NAME' in error ? ` (while "${error.VITEST_TEST_NAME}" ran)` : ''
  const path = 'VITEST_TEST_PATH' in error ? relative(process.cwd(), String(error.VITEST_TEST_PATH)) : ''
  const frame = stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? ''
  return `${path || 'outside of every file'}${test}: ${name ?? 'Error'}: ${message.split('\n', 1)[0]} ${frame.trim()}`.trim()
}
