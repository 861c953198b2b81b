import { closeRuntime } from '@worklane/domain/runtime.ts'
import { afterAll, describe } from 'vitest'
import { createApi } from './app.ts'
import { keepsThePermissions } from './testing/permissions.ts'

describe('who may do what', () => {
  afterAll(closeRuntime)

  keepsThePermissions(async () =>
    createApi({ origin: 'http://worklane.test', onError: (error) => console.error(error) }),
  )
})
