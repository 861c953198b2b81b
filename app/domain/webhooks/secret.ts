import { randomBytes } from 'node:crypto'
import { seal, unseal } from '@worklane/data/sealed.ts'
import type { Actor } from '../actor.ts'
import { Problem } from '../errors.ts'
import { runtime } from '../runtime.ts'

/** As Standard Webhooks has it: 24 to 64 bytes in base64 behind the mark. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

type Owner = Pick<Actor, 'orgId'>

/** @throws Problem conflict where nothing can be sealed */
export const sealedSecret = (owner: Owner, secret: string): string =>
  seal(secret, requireKeys(), purposeOf(owner))

/** @throws Problem conflict where nothing can be opened, Error where it was sealed by another key */
export const openedSecret = (owner: Owner, sealed: string): string =>
  unseal(sealed, requireKeys(), purposeOf(owner))

/** A row that is carried over to another organisation opens for nobody. */
const purposeOf = ({ orgId }: Owner) => `webhooks of ${orgId}`

/** @throws Problem conflict */
export function requireKeys(): readonly string[] {
  const keys = runtime().env.ENCRYPTION_KEYS
  if (keys) return keys
  throw new Problem(
    'conflict',
    'Webhooks are not available here: there is no key to keep their secrets with (ENCRYPTION_KEYS).',
  )
}

/** Whether there can be webhooks here. */
export const webhooksAreOn = (): boolean => runtime().env.ENCRYPTION_KEYS !== undefined
