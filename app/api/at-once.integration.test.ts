import { isRead } from '@worklane/domain/operation.ts'
import { operationList, operations } from '@worklane/domain/operations.ts'
import { closeRuntime } from '@worklane/domain/runtime.ts'
import { type House, makeHouse } from '@worklane/domain/testing/house.ts'
import { administratorPool } from '@worklane/domain/testing/tenants.ts'
import { sampleInput } from '@worklane/domain/testing/things.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { createApi } from './app.ts'
import { asSession, type Input, restAsk, send } from './testing/asks.ts'

/** How often each pair is played: a few times in every test run, more by AT_ONCE_ROUNDS=50. */
const rounds = Number(process.env.AT_ONCE_ROUNDS ?? 12)
/** What meets the end of its whole organisation waits for a deadlock to be found, a second each time. */
const roundsBesideTheEnd = Math.ceil(rounds / 10)
const roundsAtOnce = 3

type Name = keyof typeof operations
/** A write as somebody of the house sends it. */
type Write = { name: Name; by: 'owner' | 'admin' | 'member'; input?: (house: House) => Input }

/** What takes away the thing that a field of an input names. */
const removals: Record<string, Write> = {
  projectId: { name: 'project.remove', by: 'admin' },
  taskId: { name: 'task.remove', by: 'admin' },
  labelId: { name: 'label.remove', by: 'admin' },
  labelIds: { name: 'label.remove', by: 'admin' },
  commentId: { name: 'comment.remove', by: 'admin' },
  filterId: { name: 'filter.remove', by: 'owner' },
  memberId: { name: 'member.remove', by: 'admin' },
  assigneeId: { name: 'member.remove', by: 'admin' },
  invitationId: { name: 'invitation.revoke', by: 'admin' },
  apiKeyId: { name: 'apiKey.revoke', by: 'admin' },
  webhookId: { name: 'webhook.remove', by: 'admin' },
  deliveryId: { name: 'webhook.remove', by: 'admin' },
  sessionId: { name: 'session.revokeOthers', by: 'owner' },
}

const organisationRemoved: Write = { name: 'organisation.remove', by: 'owner' }

/** Both write where the other counts: the owner changes and goes. */
const pairs: [string, Write, Write][] = [
  ['two transfers', give('memberId'), give('adminId')],
  [
    'a transfer and a role for the heir',
    give('memberId'),
    {
      name: 'member.setRole',
      by: 'admin',
      input: ({ memberId }) => ({ memberId, role: 'viewer' }),
    },
  ],
  ['a transfer and the heir’s removal', give('memberId'), { name: 'member.remove', by: 'admin' }],
  ['a transfer and the heir leaving', give('memberId'), { name: 'organisation.leave', by: 'member' }],
  [
    'a transfer and the heir’s account',
    give('memberId'),
    {
      name: 'me.remove',
      by: 'member',
      input: ({ slug }) => ({ confirm: `member@${slug}.test` }),
    },
  ],
  ['a transfer and the owner leaving', give('memberId'), { name: 'organisation.leave', by: 'owner' }],
  ['a transfer and the owner’s account', give('memberId'), { name: 'me.remove', by: 'owner' }],
  [
    'an admin demoted and giving a role',
    {
      name: 'member.setRole',
      by: 'owner',
      input: ({ adminId }) => ({ memberId: adminId, role: 'viewer' }),
    },
    {
      name: 'member.setRole',
      by: 'admin',
      input: ({ memberId }) => ({ memberId, role: 'admin' }),
    },
  ],
  [
    'an admin removed and inviting',
    {
      name: 'member.remove',
      by: 'owner',
      input: ({ adminId }) => ({ memberId: adminId }),
    },
    { name: 'invitation.create', by: 'admin' },
  ],
]

function give(heir: 'memberId' | 'adminId'): Write {
  return { name: 'organisation.transfer', by: 'owner', input: (house) => ({ memberId: house[heir] }) }
}

describe('writes at the same time', () => {
  const admin = administratorPool(roundsAtOnce)
  const failures: unknown[] = []
  const api = createApi({ origin: 'http://worklane.test', onError: (error) => failures.push(error) })
  afterAll(async () => {
    await admin.end()
    await closeRuntime()
  })

  const writes = operationList.filter((each) => !isRead(each)).map((each) => each.name as Name)

  /** Plays writes of one new house at once, many times. @returns the statuses that were seen, each once */
  async function play(...together: Write[]): Promise<string[]> {
    failures.length = 0
    const seen = new Set<string>()
    const houses: string[] = []
    const round = async () => {
      const house = await makeHouse(admin)
      houses.push(house.id)
      // The same input for all: names and keys that only one may have.
      const inputs = new Map<Name, Input>()
      const answers = await Promise.all(
        together.map(({ name, by, input }) => {
          if (!inputs.has(name) || input) {
            inputs.set(name, input?.(house) ?? (sampleInput(operations[name], house) as Input))
          }
          return send(api, asSession(restAsk(operations[name], inputs.get(name) as Input), house[by]))
        }),
      )
      seen.add(answers.map(({ status }) => status).join('+'))
    }
    const most = together.includes(organisationRemoved) ? roundsBesideTheEnd : rounds
    for (let n = 0; n < most; n += roundsAtOnce) {
      await Promise.all(Array.from({ length: roundsAtOnce }, round))
    }
    expect(failures).toEqual([])
    expect([...seen].filter((statuses) => /[5]\d\d/.test(statuses))).toEqual([])
    expect((await admin.query(broken, [houses])).rows).toEqual([])
    // What they left for the worker is no business of the tests that come after.
    await admin.query('delete from organisations where id = any($1::uuid[])', [houses])
    return [...seen]
  }

  const sameTwice = writes.map((name) => [name] as const)
  it.each(sameTwice)('%s beside itself', async (name) => {
    await play({ name, by: 'owner' }, { name, by: 'owner' }, { name, by: 'owner' })
  })

  const withRemoval = writes.flatMap((name) => {
    const fields = Object.keys(sampleInput(operations[name], {} as House))
    const taking = fields.flatMap((field) => removals[field] ?? [])
    return [...taking, organisationRemoved]
      .filter((each) => each.name !== name)
      .map((each) => [name, each.name, each] as const)
  })
  it.each(withRemoval)('%s beside %s', async (name, _, removal) => {
    await play({ name, by: 'owner' }, removal, { name, by: 'owner' })
  })

  it.each(pairs)('%s: one owner is left', async (_, one, other) => {
    await play(one, other)
  })

  it('one address is invited six times at once: every call is answered, and one invitation is open', async () => {
    const invite: Write = {
      name: 'invitation.create',
      by: 'admin',
      input: ({ slug }) => ({ email: `six@${slug}.test`, role: 'viewer' }),
    }
    expect(await play(invite, invite, invite, invite, invite, invite)).toEqual(['201+201+201+201+201+201'])
  })
})

/** The houses in which something does not hold, with what. */
const broken = `
select o.id, 'owners: ' || (select count(*) from memberships m where m.org_id = o.id and m.role = 'owner') as what
from organisations o where o.id = any($1::uuid[])
  and (select count(*) from memberships m where m.org_id = o.id and m.role = 'owner') <> 1
  and exists (select from memberships m where m.org_id = o.id)
union all
select i.org_id, 'invitations of ' || lower(i.email) from invitations i where i.org_id = any($1::uuid[])
group by i.org_id, lower(i.email) having count(*) > 1
union all
select i.org_id, 'an invitation of somebody who may not invite' from invitations i
where i.org_id = any($1::uuid[]) and not exists (
  select from memberships m where m.org_id = i.org_id and m.user_id = i.invited_by and m.role >= 'admin' and m.role >= i.role)
union all
select p.org_id, 'a task beyond next_number' from projects p join tasks t on t.org_id = p.org_id and t.project_id = p.id
where p.org_id = any($1::uuid[]) and t.number >= p.next_number
union all
select t.org_id, 'tally of ' || t.measure from tallies t
where t.org_id = any($1::uuid[]) and t.measure in ('todo', 'doing', 'review', 'done')
  and t.count <> (select count(*) from tasks k where k.org_id = t.org_id and k.project_id::text = t.subject and k.status::text = t.measure)`
