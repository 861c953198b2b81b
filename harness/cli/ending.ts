import { writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { styleText } from 'node:util'
import { fromHere } from '../plan/here.ts'
import { exitCodeOfCrash, exitCodes, UsageError, withoutUserInfo } from '../plan/usage.ts'

/**
 * Runs a command, and turns every way that it can end into an exit code: its own, 64 and one line for wrong use, and
 * for what nobody expected (an error that nobody caught, in whatever callback or promise, a wait that nothing can end,
 * a signal) a report and the code that says nothing of the app.
 * @param words what the command line holds, without node and the file
 */
export function runToEnd(words: readonly string[], command: () => Promise<void>): void {
  const name = words[0]
  const crashed = (what: string, error: unknown) => {
    tell(crashReport(name, what, error))
    // At once: what is half done must not go on to print a verdict. What was started dies with us.
    process.exit(exitCodeOfCrash(name))
  }
  const ended = (what: string, error: unknown) => {
    const wrongUse = error instanceof UsageError ? error : wrongFile(error, words)
    if (!wrongUse) return crashed(what, error)
    tell(`${cross} ${wrongUse.line}\n`)
    // Whatever else is under way (another tool's install) is of no use any more.
    process.exit(exitCodes.usage)
  }
  process.on('uncaughtException', (error) => ended('an error that nothing caught', error))
  process.on('unhandledRejection', (error) => ended('a promise that was rejected and nothing caught', error))
  let isOver = false
  process.on('beforeExit', () => {
    if (!isOver) crashed('it waits for something that nothing can bring any more', undefined)
  })
  if (exitCodeOfCrash(name) === exitCodes.invalid)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        // Who is in the middle of something ends it in order, and has a verdict of its own.
        if (process.listenerCount(signal) - listenersOfSignalExit() > 1) return
        // Its verdict is told, and stays: only what was started is still being stopped, and dies with us.
        if (process.exitCode !== undefined) process.exit()
        tell(`${cross} ${name} was ended by ${signal} before there was a verdict\n`)
        process.exit(exitCodes.invalid)
      })
  for (const stream of [process.stdout, process.stderr]) surviveItsReader(stream)

  command().then(
    () => {
      isOver = true
    },
    (error: unknown) => ended('an error', error),
  )
}

const cross = styleText('red', '✗')

function crashReport(command: string | undefined, what: string, error: unknown): string {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error ?? '')
  const meaning =
    exitCodeOfCrash(command) === exitCodes.invalid
      ? 'so there is no verdict (exit code 2)'
      : 'and did not do its work'
  return [
    `${cross} ${command ?? 'headroom'} ended unexpectedly, ${meaning}: ${what}`,
    ...(detail === '' ? [] : [detail]),
    'If nothing above says how to put it right, it is a fault of Headroom: report it with these lines, the command and what pnpm run doctor prints.',
    '',
  ].join('\n')
}

/** Codes of the system that say something about a file, and not about us. */
const aboutFiles = {
  ENOENT: 'is not there',
  EISDIR: 'is a directory',
  ENOTDIR: 'is no directory',
  EEXIST: 'is there already',
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  EROFS: 'is on a file system that cannot be written to',
  ENOSPC: 'is on a file system that is full',
  EDQUOT: 'is above the quota',
  ENAMETOOLONG: 'has a name that is too long',
  ELOOP: 'is a link in a circle',
} as const

/** Whoever's the file is, these are for the user to put right. */
const surroundings = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT']

/** Variables that name a file or a directory. */
const variables = ['HEADROOM_RESULTS', 'HEADROOM_CACHE', 'TMPDIR'] as const

/** An error about a file that the command line or a variable names, or what is in it, or that this user may not use. */
function wrongFile(error: unknown, words: readonly string[]): UsageError | null {
  const { code = '', path } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  // Of a file that is open already the system says no name.
  if ((code === 'ENOSPC' || code === 'EDQUOT') && path === undefined)
    return new UsageError(
      `a file could not be written: it ${aboutFiles[code]} (${code})`,
      'make room, or name another directory in HEADROOM_RESULTS, HEADROOM_CACHE or TMPDIR',
    )
  if (!(code in aboutFiles) || path === undefined) return null
  const given = [
    ...words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]),
    ...variables.map((name) => process.env[name]),
  ]
  const isMeant = (named: string | undefined) =>
    named &&
    [fromHere(named), resolve(named)].some((at) => [resolve(path), dirname(resolve(path))].includes(at))
  if (!surroundings.includes(code) && !given.some(isMeant)) return null
  return new UsageError(
    `${path} ${aboutFiles[code as keyof typeof aboutFiles]} (${code})`,
    'name another one, or put this one right',
  )
}

/**
 * A reader that has what it wanted (`| head`), or a disk that is full, takes nothing from what was found: the exit code
 * stays what it is.
 */
function surviveItsReader(stream: NodeJS.WriteStream): void {
  let isTold = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !isTold && stream !== process.stderr)
      tell(`${cross} what was to be printed could not be written (${error.code ?? error.message})\n`)
    isTold = true
  })
}

/** Written before the process can end, and nothing that only the user should know. */
function tell(text: string): void {
  try {
    writeSync(process.stderr.fd, withoutUserInfo(text))
  } catch {
    // Nobody reads it.
  }
}

/**
 * How many listeners of each signal are those of signal-exit, by which execa and proper-lockfile clean up and which
 * handles nothing. It counts them itself in these two places, for its own copies; seen in 3.0.7 and 4.1.0.
 */
function listenersOfSignalExit(): number {
  const counters = [
    (process as { __signal_exit_emitter__?: unknown }).__signal_exit_emitter__,
    (globalThis as Record<symbol, unknown>)[Symbol.for('signal-exit emitter')],
  ] as ({ count?: number } | undefined)[]
  return counters.reduce((sum, counter) => sum + (counter?.count ?? 0), 0)
}
