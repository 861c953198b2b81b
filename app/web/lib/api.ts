import { createTRPCClient, httpBatchLink } from '@trpc/client'
import type { AppRouter } from '@worklane/api/trpc.ts'

/** The API, typed; imported only once somebody changes something, so that no page waits for it. */
export const api = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/trpc', maxItems: 10 })] })
