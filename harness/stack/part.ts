import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Guard } from './guard.ts'

type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** One running process of the stack. */
export type Part = {
  name: string
  pid: number
  logFile: string
  /** Resolves when the process has ended. */
  exited: Promise<Exit>
  running(): boolean
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL when that was not enough after `patience` ms. */
  stop(patience?: number): Promise<void>
}

export type Launch = {
  name: string
  command: string
  args: string[]
  env?: Record<string, string>
  cwd?: string
  user?: { uid: number; gid: number }
  logFile: string
  /** How this program is asked to stop, SIGTERM unless said. */
  stopSignal?: NodeJS.Signals
}

/** Starts a process in a group of its own, its output in its log file, and puts it under the guard. */
export function launch(guard: Guard, options: Launch): Part {
  const { name, command, args, logFile } = options
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: 'UTC', ...options.env },
    ...options.user,
    // Ctrl-C in the terminal is for us alone: we stop the parts, in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = createWriteStream(logFile, { flags: 'a' })
  log.on('error', () => {
    // A full disk takes its log, and must not make the part wait for somebody who reads it.
    child.stdout.resume()
    child.stderr.resume()
  })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const held = child.pid === undefined ? undefined : guard.process(child.pid)
  let ended = false
  const exited = new Promise<Exit>((resolve) => {
    const end = (exit: Exit) => {
      ended = true
      held?.release()
      log.end(() => resolve(exit))
    }
    child.on('error', (error) => {
      log.write(`${error.message}\n`)
      end({ code: 127, signal: null })
    })
    child.on('close', (code, signal) => end({ code, signal }))
  })
  const signal = (which: NodeJS.Signals) => {
    if (child.pid === undefined || ended) return
    try {
      process.kill(-child.pid, which)
    } catch {
      // It ended in between.
    }
  }
  return {
    name,
    pid: child.pid ?? -1,
    logFile,
    exited,
    running: () => !ended,
    signal,
    async stop(patience = 12_000) {
      signal('SIGCONT')
      signal(options.stopSignal ?? 'SIGTERM')
      const timer = setTimeout(() => {
        signal('SIGKILL')
        // Whoever left the group and kept its output would be waited for.
        child.stdout.destroy()
        child.stderr.destroy()
      }, patience)
      await exited
      clearTimeout(timer)
    },
  }
}

/** The last lines of a part's log: what it said before it ended. */
export async function lastLines(logFile: string, count = 15): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

/** Waits until `probe` says yes. @throws Error with the part's last lines when it ends first or time runs out */
export async function untilReady(part: Part, probe: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  let wait = 15
  // What has ended is not ready, even where somebody else answers in its place.
  for (;;) {
    const ready = await probe().catch(() => false)
    if (!part.running())
      throw new Error(`${part.name} ended while starting:\n${await lastLines(part.logFile)}`)
    if (ready) return
    if (performance.now() > deadline) {
      throw new Error(`${part.name} was not ready within ${seconds} s:\n${await lastLines(part.logFile)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
    wait = Math.min(wait * 1.5, 250)
  }
}

/** True when the address answers 200. */
export const answers = (url: string) => async () =>
  (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status === 200
