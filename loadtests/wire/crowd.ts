import { organisationAt, type PopulationSpec, whaleOf } from '../../fixtures/population.ts'

/** Of the users of a crowd's run, how many are the largest tenant's, as far as it has so many people. */
const share = 0.2

export type CrowdedRun = { users: number; population: PopulationSpec }

/** How many of a run's users are the largest tenant's, where one tenant crowds. */
export function crowdOf({ users, population }: CrowdedRun): number {
  const whale = whaleOf(population)
  if (whale < 0) return 0
  return Math.min(Math.round(users * share), organisationAt(population, whale).users)
}

/** The index in the population of a run's k-th user: evenly over all of it. */
export const indexSpread = ({ users, population }: CrowdedRun, place: number): number =>
  Math.floor((place * population.users) / users)

/** The index in the population of a run's k-th user, where one tenant crowds: its people come evenly among the rest. */
export function indexInCrowd(run: CrowdedRun, place: number): number {
  const { users, population } = run
  const crowd = crowdOf(run)
  if (crowd === 0) return indexSpread(run, place)
  const loudBefore = (at: number) => Math.floor((at * crowd) / users)
  const rank = loudBefore(place)
  const { firstUser, users: size } = organisationAt(population, whaleOf(population))
  if (loudBefore(place + 1) > rank) return firstUser + Math.floor((rank * size) / crowd)
  const other = Math.floor(((place - rank) * (population.users - size)) / (users - crowd))
  return other < firstUser ? other : other + size
}
