import { execa } from 'execa'

/** Of this checkout; null where there is none. */
export async function revision(): Promise<string | null> {
  const { stdout, failed } = await execa('git', ['describe', '--always', '--dirty'], { reject: false })
  return failed ? null : stdout
}
