import type { Kind, Resources } from '../core/resources.ts'
import { type Operation, operation } from './operation.ts'
import { isWithin, listOf, type PageParams, type Range } from './pages.ts'

/** "GET /v1/charges/{charge}": one object by its id. */
export const retrieving = (kind: Kind, route: string): Operation =>
  operation(route, [], (sandbox, _params, id = '') => sandbox.get(kind, id))

/** How a parameter that was given chooses among rows. */
type Choices<Row, Params> = { [Name in keyof Params]-?: (row: Row, value: Params[Name]) => boolean }

/**
 * "GET /v1/charges": those that were made within `created`, and fit the other parameters that were given.
 * @param same parameters that a row's field of that name has to equal
 * @param others what else chooses
 */
export function listing<K extends Kind, Params = Record<never, never>>(
  kind: K,
  route: string,
  same: readonly (keyof Resources[K] & string)[] = [],
  others: Choices<Resources[K], Params> = {} as Choices<Resources[K], Params>,
): Operation {
  const choices = Object.entries(others) as [string, (row: Resources[K], value: unknown) => boolean][]
  const takes = ['created', ...same, ...choices.map(([name]) => name)]
  return operation<PageParams & Record<string, unknown>>(route, takes, (sandbox, params) =>
    listOf(
      sandbox,
      kind,
      route.replace('GET ', ''),
      params,
      (row) =>
        isWithin(timeOf(row), params.created as Range | undefined) &&
        same.every((name) => params[name] === undefined || row[name] === params[name]) &&
        choices.every(([name, fits]) => params[name] === undefined || fits(row, params[name])),
    ),
  )
}

/** Invoice items have a date of their own. */
function timeOf(row: object): number {
  const { created, date } = row as { created?: number; date?: number }
  return created ?? date ?? 0
}
