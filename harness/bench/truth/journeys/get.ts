import type { Journey } from '../../../../loadtests/journeys/contract.ts'

/** One page again and again. When it was due goes along, so that the target can reckon from then. */
export const journey: Journey = {
  name: 'truth',
  limits: { 'GET /page': 500 },
  chain: { '': { look: 1 }, look: { look: 1 } },
  steps: {
    look: ({ dueAt, index }) => [
      { method: 'GET', route: 'GET /page', path: `/page?due=${dueAt}&user=${index}` },
    ],
  },
}
