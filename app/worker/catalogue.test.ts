import { expect, it } from 'vitest'
import { catalogueKeeper } from './catalogue.ts'

it('the catalogue is made again and again until that succeeded, and anew when it is asked for', async () => {
  const answers = ['away', 'away', 'made', 'made']
  const tried: string[] = []
  const keeper = catalogueKeeper(async () => {
    const answer = answers[tried.length] as string
    tried.push(answer)
    if (answer === 'away') throw new Error('Stripe is away')
  })
  await expect(keeper.unlessMade()).rejects.toThrow('Stripe is away')
  await expect(keeper.unlessMade()).rejects.toThrow('Stripe is away')
  for (let n = 0; n < 3; n++) await keeper.unlessMade()
  expect(tried).toEqual(['away', 'away', 'made'])
  keeper.renew()
  for (let n = 0; n < 3; n++) await keeper.unlessMade()
  expect(tried).toEqual(['away', 'away', 'made', 'made'])
})
