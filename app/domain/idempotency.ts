import { createHash } from 'node:crypto'
import type { Actor } from './actor.ts'
import type { RunStatement } from './effects.ts'
import { invalidField, Problem } from './errors.ts'
import { type AnyOperation, hasSecretInput } from './operation.ts'
import { hashPassword, verifyHash } from './sessions/passwords.ts'

const longest = 200

/** @throws Problem invalid */
export function assertKey(key: string): void {
  if (key.length > longest || !/^[\x21-\x7e]+$/.test(key)) {
    throw invalidField('Idempotency-Key', `must be 1 to ${longest} visible ASCII characters`)
  }
}

/**
 * Takes a key for a write, in the write's own transaction: a second call with it waits for the first to end.
 * Keys are kept for a day. The header's meaning: draft-ietf-httpapi-idempotency-key-header.
 * @returns the answer of the earlier call, or undefined when there was none
 * @throws Problem invalid, conflict when the key belongs to another input
 */
export async function claim(
  run: RunStatement,
  actor: Actor,
  operation: AnyOperation,
  input: unknown,
  key: string | undefined,
): Promise<unknown> {
  if (key === undefined) return undefined
  assertKey(key)
  const text = JSON.stringify(input)
  const digests = hasSecretInput(operation) ? slow : quick
  const digest = await digests.of(text)
  const taken = (await run(take, [actor.orgId, actor.userId, key, operation.name, digest])) as unknown[]
  if (taken.length > 0) return undefined
  const rows = (await run(look, [actor.orgId, actor.userId, key])) as {
    operation: string
    input_digest: string
    response: unknown
  }[]
  const [earlier] = rows
  if (earlier?.operation !== operation.name || !(await digests.match(earlier.input_digest, text))) {
    throw new Problem('conflict', 'This Idempotency-Key was used for another request; take a new one.')
  }
  if (earlier.response === null) {
    throw new Problem('conflict', 'This was done already, and its answer is shown only once.')
  }
  return earlier.response
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

type Digests = {
  of(text: string): string | Promise<string>
  match(known: string, text: string): boolean | Promise<boolean>
}
const quick: Digests = { of: sha256, match: (known, text) => known === sha256(text) }
/** Of what a password is in: as slow to guess, and with as much salt, as the password's own hash. */
const slow: Digests = {
  of: hashPassword,
  // One of the quick kind, from before this operation took a secret, matches nothing.
  match: async (known, text) => known.startsWith('$argon2') && verifyHash(known, text),
}

/** Keeps the answer of the call that took the key; null when it holds a secret. */
export async function keep(
  run: RunStatement,
  actor: Actor,
  key: string | undefined,
  output: unknown,
): Promise<void> {
  if (key === undefined) return
  if (output === null) return
  await run(finish, [actor.orgId, actor.userId, key, JSON.stringify(output)])
}

const take = `insert into idempotency (org_id, user_id, key, operation, input_digest)
  values ($1::uuid, $2::uuid, $3, $4, $5) on conflict do nothing returning key`
const look = `select operation, input_digest, response from idempotency
  where org_id = $1::uuid and user_id = $2::uuid and key = $3`
const finish = `update idempotency set response = $4::jsonb
  where org_id = $1::uuid and user_id = $2::uuid and key = $3 returning key`
