/** Who is to be told of what: an organisation's endpoint, and what stands in the event that no other has. */
export type Intent = { organisation: string; endpoint: string; event: string }
/** What a receiver took with a 2xx, under which id. */
export type Taken = Intent & { id: string }

/**
 * Holds what was to be told against what was taken, as multisets. To be told twice under one id is no fault: that a
 * receiver can see.
 * @returns what is wrong, none where all is well
 */
export function faultsOf(intents: readonly Intent[], taken: readonly Taken[]): string[] {
  const idsOf = Map.groupBy(taken, nameOf)
  const wanted = new Set(intents.map(nameOf))
  return [
    ...[...wanted].filter((name) => !idsOf.has(name)).map((name) => `lost: ${name}`),
    ...[...idsOf.keys()].filter((name) => !wanted.has(name)).map((name) => `unexpected: ${name}`),
    ...[...idsOf]
      .filter(([, its]) => new Set(its.map(({ id }) => id)).size > 1)
      .map(([name]) => `doubled: ${name}`),
  ]
}

const nameOf = ({ organisation, endpoint, event }: Intent) => `${event} at ${endpoint} of ${organisation}`
