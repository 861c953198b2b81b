import { describe, expect, it } from 'vitest'
import { organisationOf, type PopulationSpec, whaleIndex } from '../../fixtures/population.ts'
import { indexBesideNoisyTenant, noisyUsersOf } from './noisy-tenant.ts'

const population: PopulationSpec = { seed: 1, organisations: 50, users: 2_000 }

describe('a noisy tenant', () => {
  // The largest of 50 tenants has 100 people.
  it.each([
    { users: 10, loud: 2 },
    { users: 500, loud: 100 },
    { users: 700, loud: 100 },
    { users: 2_000, loud: 100 },
  ])('of $users users has $loud of the largest tenant, and nobody twice', ({ users, loud }) => {
    const run = { users, population }
    expect(noisyUsersOf(run)).toBe(loud)
    const indices = Array.from({ length: users }, (_, place) => indexBesideNoisyTenant(run, place))
    expect(new Set(indices).size).toBe(users)
    expect(indices.every((index) => index >= 0 && index < population.users)).toBe(true)
    const ofWhale = indices.map((index) => organisationOf(population, index) === whaleIndex)
    expect(ofWhale.filter(Boolean)).toHaveLength(loud)
    // While users arrive, the noisy tenant has its share of them at any time.
    const half = ofWhale.slice(0, users / 2).filter(Boolean).length
    expect(Math.abs(half - loud / 2)).toBeLessThanOrEqual(1)
  })

  it('is nobody where no tenant is placed as the largest', () => {
    const run = { users: 20, population: { seed: 1, organisations: 3, users: 60 } }
    expect(noisyUsersOf(run)).toBe(0)
    expect(indexBesideNoisyTenant(run, 7)).toBe(21)
  })
})
