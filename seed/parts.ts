import { organisationAt, type PopulationSpec } from '@headroom/fixtures/population.ts'
import type { Range } from './rows.ts'

/** Users of one part: enough to keep COPY busy, few enough to share the work evenly and to tell how far it is. */
const usersAPart = 2_500

/** The population in parts, in order; the same for the same population, however many write them. */
export function partsOf(spec: PopulationSpec): Range[] {
  const parts: Range[] = []
  let from = 0
  let users = 0
  for (let index = 0; index < spec.organisations; index++) {
    users += organisationAt(spec, index).users
    if (users < usersAPart && index + 1 < spec.organisations) continue
    parts.push({ from, to: index + 1 })
    from = index + 1
    users = 0
  }
  return parts
}
