import { prepareDatabase, prepareRoles } from './prepare.ts'
import { orRefuse } from './refused-start.ts'

/**
 * A deployment's migration job: roles and schema as this version wants them, from DATABASE_URL and
 * DATABASE_ROLES_SECRET. Ends with 64 where one of them is refused. Safe to repeat.
 *
 * `node app/data/migrate.ts roles` makes the roles that migrations grant to, and nothing else: a backup can be restored
 * into a server that has them (deploy/restore).
 */
const { DATABASE_URL = '', DATABASE_ROLES_SECRET } = process.env
const [only] = process.argv.slice(2)
await orRefuse('migrations', () =>
  only === 'roles' ? prepareRoles(DATABASE_URL) : prepareDatabase(DATABASE_URL, DATABASE_ROLES_SECRET),
)
console.log(only === 'roles' ? 'roles: ready' : 'roles and schema: ready')
