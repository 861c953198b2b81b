import { spawn } from 'node:child_process'
import { UsageError } from '../plan/usage.ts'

/**
 * A shell that outlives this process. When the pipe to it closes, however this process ended, it stops the
 * process groups and removes the directories that were not released before.
 */
const script = `
trap '' INT TERM HUP
pids=' ' dirs='' newline='
'
while IFS= read -r line; do
  value=\${line#* }
  case $line in
    +pid*) pids="$pids$value " ;;
    -pid*) pids=$(printf '%s' "$pids" | sed "s/ $value / /") ;;
    +dir*) dirs="$dirs$value$newline" ;;
    -dir*)
      dirs=$(printf '%s' "$dirs" | grep -Fxv -e "$value")
      dirs="\${dirs:+$dirs$newline}"
      ;;
  esac
done
for pid in $pids; do kill -TERM -"$pid" 2>/dev/null; kill -CONT -"$pid" 2>/dev/null; done
[ "$pids" = ' ' ] || sleep 2
for pid in $pids; do kill -KILL -"$pid" 2>/dev/null; done
printf '%s' "$dirs" | while IFS= read -r dir; do rm -rf -- "$dir"; done
`

export type Guard = {
  /** From now on the process group dies with us. */
  process(pid: number): { release(): void }
  /** From now on the directory is removed with us. */
  directory(path: string): { release(): void }
  end(): void
}

export function startGuard(): Guard {
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  shell.stdin.on('error', () => {})
  shell.unref()
  const hold = (kind: 'pid' | 'dir', value: string) => {
    shell.stdin.write(`+${kind} ${value}\n`)
    return { release: () => void shell.stdin.write(`-${kind} ${value}\n`) }
  }
  return {
    process: (pid) => hold('pid', String(pid)),
    directory: (path) => {
      // The shell reads lines; half a path would have it remove something else.
      if (path.includes('\n'))
        throw new UsageError(
          `${JSON.stringify(path)} has a line break in it`,
          'move the project, or set TMPDIR, to a path without one',
        )
      return hold('dir', path)
    },
    end: () => void shell.stdin.end(),
  }
}
