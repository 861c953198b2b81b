import type { Request } from '../swarm/app.ts'

const asPage = { Accept: 'text/html' }
/** A click on a link inside the app: Next fetches the new page as a React payload. */
const asNavigation = { RSC: '1' }
export const asJson = { 'Content-Type': 'application/json' }

const json = 'application/json'

export const page = (name: string, path: string): Request => ({
  method: 'GET',
  route: `page ${name}`,
  path,
  headers: asPage,
  type: 'text/html',
  tenant: true,
})

export const navigation = (name: string, path: string): Request => ({
  method: 'GET',
  route: `rsc ${name}`,
  // Next answers only when this parameter fits the other headers; without a router state it is empty.
  path: `${path}?_rsc`,
  headers: asNavigation,
  type: 'text/x-component',
  tenant: true,
})

export const query = (operation: string, input: object): Request => ({
  method: 'GET',
  route: `trpc ${operation}`,
  path: `/trpc/${operation}?input=${encodeURIComponent(JSON.stringify(input))}`,
  type: json,
  tenant: true,
})

export const mutation = (operation: string, input: object): Request => ({
  method: 'POST',
  route: `trpc ${operation}`,
  path: `/trpc/${operation}`,
  headers: asJson,
  body: JSON.stringify(input),
  type: json,
  tenant: true,
})

export const get = (route: string, path: string, tenant = true): Request => ({
  method: 'GET',
  route: `GET ${route}`,
  path,
  type: json,
  tenant,
  conditional: true,
})
