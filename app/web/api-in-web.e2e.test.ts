import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { keepsTheContract } from '../api/testing/contract.ts'
import { keepsThePermissions } from '../api/testing/permissions.ts'
import { closeRuntime } from '../domain/runtime.ts'

describe('the API inside Next', () => {
  let stack: Stack

  beforeAll(async () => {
    // More requests without a credential than one address may send.
    const env = { RATE_LIMIT_SCALE: '20' }
    stack = await startStack({
      parts: ['postgres', 'redis', 'store', 'web', 'worker', 'edge'],
      apiInWeb: true,
      env,
    })
    // The helpers of the contract make tenants in this stack's database.
    Object.assign(process.env, stack.env)
  })
  afterAll(async () => {
    await closeRuntime()
    await stack?.stop()
  })

  it('has no API process beside it', () => {
    expect(stack.parts.map(({ name }) => name)).not.toContain('api')
  })

  it('serves the OpenAPI document', async () => {
    const response = await fetch(`${stack.origin}/openapi.json`)
    expect(await response.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: stack.origin }] })
  })

  const api = async () => ({
    request: (path: string, init?: RequestInit) => fetch(stack.origin + path, init),
  })

  keepsTheContract(api)

  describe('who may do what', () => keepsThePermissions(api))
})
