import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { OperatorRouter } from '@worklane/api/trpc.ts'

/** The API as operators know it; imported only once one of them does something. */
export const operatorApi = createTRPCClient<OperatorRouter>({
  links: [httpBatchLink({ url: '/trpc', maxItems: 10 })],
})
