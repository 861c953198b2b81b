import { closeRuntime } from '@worklane/domain/runtime.ts'
import { costOf, createHouse, lasting } from './round-trips.ts'

/** For the benchmark: a line of JSON an operation, its cost with few rows and with many. */
const [few, many] = [10, 300]
const small = await createHouse(few)
const large = await createHouse(many)
for (const operation of lasting) {
  const costs = { few: await costOf(operation, small), many: await costOf(operation, large) }
  console.log(JSON.stringify({ name: operation.name, rows: { few, many }, ...costs }))
}
await closeRuntime()
