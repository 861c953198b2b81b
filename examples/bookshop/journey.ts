import type { Journey } from '../../loadtests/journeys/contract.ts'
import { drawBelow } from '../../loadtests/swarm/app.ts'

const shops = 5
const books = 200

/** Customers of five bookshops look at the shelf, open books, and buy one now and then. */
export const journey: Journey<{ shop: number; book: number }> = {
  name: 'bookshop',
  workload: { users: 60, think: 1_000, ramp: 2_000, duration: 15_000 },
  limits: { 'page /': 200, 'GET /api/books/:id': 100, 'POST /api/orders': 200 },
  start: ({ index }) => ({ shop: index % shops, book: 0 }),
  session: ({ index, state }, token) => ({
    Cookie: `customer=${state.shop}.${index}.${token(`${state.shop}.${index}`)}`,
  }),
  marks: { own: ({ state }) => `shop-${state.shop};`, any: /shop-\d+;/ },
  chain: {
    '': { 'see the shelf': 1 },
    'see the shelf': { 'open a book': 4, 'see the shelf': 1 },
    'open a book': { 'open a book': 5, 'buy it': 2, 'see the shelf': 3 },
    'buy it': { 'see the shelf': 1 },
  },
  steps: {
    'see the shelf': () => [{ method: 'GET', route: 'page /', path: '/', tenant: true }],
    'open a book': (visitor) => {
      visitor.state.book = drawBelow(visitor, books)
      const path = `/api/books/${visitor.state.book}`
      return [{ method: 'GET', route: 'GET /api/books/:id', path, tenant: true, conditional: true }]
    },
    'buy it': ({ state }) => [
      {
        method: 'POST',
        route: 'POST /api/orders',
        path: '/api/orders',
        expect: 201,
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ book: state.book }),
      },
    ],
  },
}
