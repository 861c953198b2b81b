import { join } from 'node:path'

/** The root of the checkout. */
export const project = join(import.meta.dirname, '..')
