import { relative, resolve } from 'node:path'
import { project } from '../project.ts'

/**
 * Where the command was typed. pnpm and npm run a script in the root of the checkout, and say in INIT_CWD where they
 * were called; one inherited from a script that started something elsewhere says nothing of this command.
 */
export const here = (): string =>
  (process.cwd() === project ? process.env.INIT_CWD : undefined) || process.cwd()

/** The absolute path of what an option or an argument names. */
export const fromHere = (path: string): string => resolve(here(), path)

/** A path as somebody who typed the command would write it. */
export const shownFromHere = (path: string): string => relative(here(), path) || '.'
