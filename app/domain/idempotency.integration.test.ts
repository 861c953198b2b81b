import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Problem } from './errors.ts'
import { perform } from './execute.ts'
import { setPassword } from './me/operations.ts'
import { type AnyOperation, hasSecretInput } from './operation.ts'
import { operationList } from './operations.ts'
import { closeRuntime } from './runtime.ts'
import { asAdministrator, createTenant, type Tenant } from './testing/tenants.ts'

const asked = setPassword as unknown as AnyOperation
/** How fields are called that hold what nobody may read again. */
const secretName = /password|passwd|secret|token|credential|^(current|next|pin|otp)$/i

describe('what a write with an Idempotency-Key leaves for a day', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await createTenant()
  })
  afterAll(closeRuntime)

  const rows = () =>
    asAdministrator(async (client) => {
      const { rows } = await client.query(
        'select input_digest, response from idempotency where org_id = $1',
        [tenant.id],
      )
      return rows
    })

  it('is no fast digest of a password, and still the same call happens once', async () => {
    const { actor } = tenant.people.owner
    const input = { next: 'first password of all' }
    await perform(asked, actor, input, { idempotencyKey: 'key-1' })
    const [kept] = await rows()
    expect(kept.input_digest).toMatch(/^\$argon2id\$/)
    expect(kept.input_digest).not.toContain(createHash('sha256').update(JSON.stringify(input)).digest('hex'))

    const again = { idempotencyKey: 'key-1', replayed: false }
    expect(await perform(asked, actor, input, again)).toEqual({})
    expect(again.replayed).toBe(true)
    const other = perform(asked, actor, { next: 'another password' }, { idempotencyKey: 'key-1' })
    expect(await other.catch((problem: Problem) => problem.kind)).toBe('conflict')
  })

  it('needs no look at an operation: whichever has a secret in its input says so', () => {
    const fieldsOf = (schema: unknown): string[] =>
      schema === null || typeof schema !== 'object'
        ? []
        : Object.entries(schema).flatMap(([name, value]) => [
            ...(name === 'properties' ? Object.keys(value as object) : []),
            ...fieldsOf(value),
          ])
    const unmarked = operationList.filter((operation) => {
      const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any' })
      return fieldsOf(schema).some((name) => secretName.test(name)) && !hasSecretInput(operation)
    })
    expect(unmarked.map(({ name }) => name)).toEqual([])
    expect(operationList.filter(hasSecretInput).map(({ name }) => name)).toEqual(['me.setPassword'])
  })
})
