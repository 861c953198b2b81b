import { organisationAt, type PopulationSpec, projectIdAt } from '@headroom/fixtures/population.ts'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '@worklane/data/generated/prisma/client.ts'
import { orgId } from '@worklane/data/ids.ts'
import { clientConfigOf } from '@worklane/data/postgres-address.ts'
import { connect, tenant } from '@worklane/data/tenant.ts'
import { UtcClient } from '@worklane/data/utc-client.ts'
import { inPairs, type Pairs } from './pairs.ts'

const readsASlice = 400

/**
 * How long a read of a tenant's 25 tasks takes, in seconds: through `tenant()` (the filter of the client, the
 * setting in the same round trip, row-level security) against the same query, filter included, by a plain client
 * of a role that row-level security does not hold. One connection each, one read after the other.
 */
export async function tenantReadTime(
  env: Record<string, string>,
  population: PopulationSpec,
  pairs: number,
): Promise<Pairs> {
  const { APP_DATABASE_URL: app = '', DATABASE_URL: administrator = '' } = env
  const organisation = orgId(organisationAt(population, 0).id)
  const projectId = projectIdAt(population, 0, 0)
  const rows = { where: { projectId }, orderBy: { number: 'asc' }, take: 25 } as const

  const database = connect(app, 1)
  const asTenant = tenant(database, { orgId: organisation })
  const adapter = new PrismaPg(
    { ...clientConfigOf('DATABASE_URL', administrator), Client: UtcClient, max: 1 },
    // As the tenant's client does: each statement is prepared once.
    { statementNameGenerator: ({ sql }) => `plain_${sql.length}` },
  )
  const plain = new PrismaClient({ adapter })

  const secured = () => asTenant.read((db) => db.task.findMany(rows))
  const open = () => plain.task.findMany({ ...rows, where: { orgId: organisation, projectId } })
  try {
    const [mine, theirs] = [await secured(), await open()]
    if (mine.length !== 25 || mine.length !== theirs.length) {
      throw new Error(`the two reads differ: ${mine.length} and ${theirs.length} tasks instead of 25`)
    }
    const slice = (read: () => Promise<unknown>) => async () => {
      const started = performance.now()
      for (let n = 0; n < readsASlice; n++) await read()
      return (performance.now() - started) / 1000 / readsASlice
    }
    await slice(secured)()
    await slice(open)()
    return await inPairs(pairs, [slice(secured), slice(open)])
  } finally {
    await Promise.all([database.prisma.$disconnect(), plain.$disconnect()])
    await database.pool.end()
  }
}
