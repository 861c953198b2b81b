import 'server-only'
import { requestIdOf } from '@worklane/api/headers.ts'
import { type Operator, resolveOperator } from '@worklane/domain/operators/operator.ts'
import { headers } from 'next/headers'
import { notFound } from 'next/navigation'
import { cache } from 'react'
import { sessionToken } from './actor.ts'

/** The operator who asks for this page. Whoever is none was told by the proxy that there is no such page; as here. */
export const requireOperator = cache(async (): Promise<Operator> => {
  const [token, sent] = await Promise.all([sessionToken(), headers()])
  return (await resolveOperator(token, requestIdOf(sent.get('x-request-id') ?? undefined))) ?? notFound()
})
