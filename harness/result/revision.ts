import { execa } from 'execa'
import { project } from '../project.ts'

/** Of this checkout, wherever the command was typed; null where there is none. */
export async function revision(): Promise<string | null> {
  const { stdout, failed } = await execa('git', ['describe', '--always', '--dirty'], {
    cwd: project,
    reject: false,
  })
  return failed ? null : stdout
}
