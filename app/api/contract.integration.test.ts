import { Validator } from '@seriousme/openapi-schema-validator'
import type { AnyOperation } from '@worklane/domain/operation.ts'
import { operationList } from '@worklane/domain/operations.ts'
import { closeRuntime, runtime } from '@worklane/domain/runtime.ts'
import { createTenant } from '@worklane/domain/testing/tenants.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { openApiDocument } from './openapi.ts'
import { asSession, restAsk, send } from './testing/asks.ts'
import { keepsTheContract } from './testing/contract.ts'

const origin = 'http://worklane.test'

describe('the API in a process of its own', () => {
  const api = createApi({ origin, onError: (error) => console.error(error) })
  afterAll(closeRuntime)

  keepsTheContract(async () => api)

  it('is a valid OpenAPI document', async () => {
    const document = JSON.parse(JSON.stringify(openApiDocument(origin)))
    const { valid, errors } = await new Validator().validate(document)
    expect([valid, errors]).toEqual([true, undefined])
    // The validator's eyes: an operation without answers is no operation.
    delete document.paths['/v1/me'].get.responses
    expect((await new Validator().validate({ ...document, openapi: 3.1 })).valid).toBe(false)
  })

  it('reads the database once for many who ask the same at once', async () => {
    const { people } = await createTenant()
    const report = operationList.find(({ name }) => name === 'report.get') as AnyOperation
    const ask = asSession(restAsk(report, { weeks: 52 }), people.owner.token)
    const { pool } = runtime().database
    const before = pool.roundTrips
    await Promise.all(Array.from({ length: 20 }, () => send(api, ask)))
    const once = pool.roundTrips - before
    await send(api, ask)
    // Three statements of one report, for twenty questions and one more.
    expect(once).toBeLessThanOrEqual(3)
    expect(pool.roundTrips - before).toBe(once)
  })
})
