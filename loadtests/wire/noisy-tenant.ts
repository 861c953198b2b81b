import { organisationAt, type PopulationSpec, whaleOf } from '../../fixtures/population.ts'

/** The share of a run's users who are the noisy tenant's, the largest, as far as it has so many people. */
const share = 0.2

export type RunUsers = { users: number; population: PopulationSpec }

/** How many of a run's users are the largest tenant's, where one is noisy. */
export function noisyUsersOf({ users, population }: RunUsers): number {
  const whale = whaleOf(population)
  if (whale < 0) return 0
  return Math.min(Math.round(users * share), organisationAt(population, whale).users)
}

/** The index in the population of a run's k-th user: evenly over all of it. */
export const indexSpread = ({ users, population }: RunUsers, place: number): number =>
  Math.floor((place * population.users) / users)

/** The index in the population of a run's k-th user, beside a noisy tenant: its people come evenly among the rest. */
export function indexBesideNoisyTenant(run: RunUsers, place: number): number {
  const { users, population } = run
  const noisyUsers = noisyUsersOf(run)
  if (noisyUsers === 0) return indexSpread(run, place)
  const loudBefore = (at: number) => Math.floor((at * noisyUsers) / users)
  const rank = loudBefore(place)
  const { firstUser, users: size } = organisationAt(population, whaleOf(population))
  if (loudBefore(place + 1) > rank) return firstUser + Math.floor((rank * size) / noisyUsers)
  const other = Math.floor(((place - rank) * (population.users - size)) / (users - noisyUsers))
  return other < firstUser ? other : other + size
}
