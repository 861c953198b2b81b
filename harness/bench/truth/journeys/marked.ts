import type { Journey } from '../../../../loadtests/journeys/contract.ts'

/** The same page, which must show its tenant's mark and no other's (../behaviours.ts). */
export const journey: Journey = {
  name: 'truth',
  limits: { 'GET /page': 500 },
  marks: { own: ({ index }) => `shop-${index % 5};`, any: /shop-\d+;/ },
  chain: { '': { look: 1 }, look: { look: 1 } },
  steps: {
    look: ({ dueAt, index }) => [
      { method: 'GET', route: 'GET /page', path: `/page?due=${dueAt}&user=${index}`, tenant: true },
    ],
  },
}
