import type { Journey } from '../../../../loadtests/journeys/contract.ts'

/** The same page, asked in a way that nothing may repeat by itself. */
export const journey: Journey = {
  name: 'truth',
  limits: { 'POST /page': 500 },
  chain: { '': { write: 1 }, write: { write: 1 } },
  steps: {
    write: ({ dueAt, index }) => [
      { method: 'POST', route: 'POST /page', path: `/page?due=${dueAt}&user=${index}`, body: 'text=hello' },
    ],
  },
}
