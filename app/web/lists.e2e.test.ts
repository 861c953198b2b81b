import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, projectIdAt, taskIdAt, userAt } from '../../fixtures/population.ts'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { newToken, tokenHash } from '../domain/sessions/token.ts'
import { asAdministrator } from '../domain/testing/tenants.ts'
import { callAs, openCommands, openPage, population, visit } from './testing/pages.ts'

/** More than any list holds. */
const many = 430
const last = `Zz ${many}`
const owner = userAt(population, 0)
const organisation = organisationAt(population, owner.organisation)
const project = projectIdAt(population, owner.organisation, 0)
const task = taskIdAt(population, owner.organisation, 0, 0)

type TaskSeen = {
  title: string
  description: string
  priority: string
  assignee: { id: string; name: string } | null
  labels: { name: string }[]
}

describe('an organisation with more of everything than a list holds', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({
      population,
      // Its plan is written by this test; a reading would put back what is subscribed to.
      parts: partNames.filter((part) => part !== 'payments'),
      // A board's stream comes back, and hears what is new, after seconds.
      env: { RATE_LIMIT_SCALE: '20', EVENT_STREAM_SECONDS: '8' },
    })
    process.env.DATABASE_URL = stack.env.DATABASE_URL
    await fill()
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints)
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  /** "Zz" has them stand last; the task is one's and has a label, which both stand behind every list. */
  const fill = () =>
    asAdministrator(async (client) => {
      const statements = [
        // Smaller plans allow fewer projects.
        `update organisations set plan = 'business' where id = '${organisation.id}'`,
        `with u as (
           insert into users (id, email, name)
           select ('ffffffff-ffff-4fff-bfff-' || lpad(n::text, 12, '0'))::uuid, 'zz' || n || '@many.test', 'Zz ' || n
           from generate_series(1, ${many}) n returning id)
         insert into memberships (org_id, user_id, role) select '${organisation.id}', id, 'member' from u`,
        `insert into labels (org_id, name) select '${organisation.id}', 'Zz ' || n from generate_series(1, ${many}) n`,
        `insert into projects (org_id, key, name)
         select '${organisation.id}', 'ZZ' || n, 'Zz ' || n from generate_series(1, ${many}) n`,
        `with o as (
           insert into organisations (name, slug) select 'Zz ' || n, 'zz-' || n from generate_series(1, 30) n returning id)
         insert into memberships (org_id, user_id, role) select id, '${owner.id}', 'owner' from o`,
        `update tasks set description = E'One\\r\\nTwo',
           assignee_id = (select id from users where name = '${last}') where id = '${task}'`,
        `delete from task_labels where task_id = '${task}'`,
        `insert into task_labels (org_id, task_id, label_id)
         select org_id, '${task}', id from labels where name = '${last}'`,
      ]
      for (const statement of statements) await client.query(statement)
    })

  const call = (method: string, path: string, body?: object) => callAs(stack, 0, method, path, body)
  const seen = async () => (await (await call('GET', `/tasks/${task}`)).json()) as TaskSeen
  const save = () => page.getByRole('button', { name: 'Save', exact: true }).click()
  const isSaved = () => page.getByRole('status').filter({ hasText: 'Saved' }).waitFor()
  const assignee = () => page.getByRole('combobox', { name: 'Assignee' })

  it('keeps who a task is given to, its labels and its text when its title is saved', async () => {
    await visit(page, `/tasks/${task}`)
    expect(await assignee().inputValue()).toBe(last)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Only the title')
    await save()
    await isSaved()
    const { title, description, assignee: person, labels } = await seen()
    expect([title, description, person?.name, labels.map(({ name }) => name)]).toEqual([
      'Only the title',
      'One\r\nTwo',
      last,
      [last],
    ])
  })

  it('finds anybody by the keyboard, and gives them the task', async () => {
    await visit(page, `/tasks/${task}`)
    const options = page.getByRole('listbox', { name: 'Assignee' }).getByRole('option')
    await assignee().fill('zz 42')
    await options.filter({ hasText: 'Zz 42' }).first().waitFor()
    // "Zz 42" and "Zz 420" to "Zz 429": the list shows six, and the rest when it is asked for.
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await expect.poll(() => options.count()).toBe(11)
    const wanted = 'Zz 425'
    expect(await options.and(page.getByRole('option', { selected: true })).textContent()).toContain(wanted)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    expect(await assignee().inputValue()).toBe(wanted)
    await save()
    await isSaved()
    expect((await seen()).assignee?.name).toBe(wanted)
  })

  it('sends no field that somebody else changed meanwhile, and was not changed here', async () => {
    await visit(page, `/tasks/${task}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    const before = await seen()
    expect((await call('PATCH', `/tasks/${task}`, { priority: 'urgent', title: 'Theirs' })).status).toBe(200)
    await page.getByRole('textbox', { name: /^Description/ }).fill('Ours')
    await save()
    await isSaved()
    const after = await seen()
    expect([after.title, after.description, after.priority]).toEqual(['Theirs', 'Ours', 'urgent'])
    expect(after.assignee).toEqual(before.assignee)
    // The page follows.
    await page.getByRole('heading', { name: 'Theirs' }).waitFor()
    await expect.poll(() => page.getByLabel('Priority').inputValue()).toBe('urgent')
  })

  it('keeps what was typed, and says why, when a save is refused; then saves it', async () => {
    await visit(page, `/tasks/${task}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title').fill('Typed with care')
    await page.getByLabel('Status').selectOption('review')
    await assignee().fill('Zz 77')
    await page.getByRole('option', { name: 'Zz 77' }).first().click()
    const gone = (await (await call('GET', '/members?search=zz77@many.test')).json()) as {
      items: { id: string }[]
    }
    expect((await call('DELETE', `/members/${gone.items[0]?.id}`)).status).toBe(200)
    await save()
    await page.getByRole('status').filter({ hasText: 'must be a member of your organisation' }).waitFor()
    expect(await page.getByLabel('Title').inputValue()).toBe('Typed with care')
    expect(await page.getByLabel('Status').inputValue()).toBe('review')
    expect(await assignee().inputValue()).toBe('Zz 77')
    await assignee().fill('')
    // Of an empty field the list shows everybody, over the button.
    await assignee().press('Escape')
    await save()
    await isSaved()
    const { title, assignee: person } = await seen()
    expect([title, person]).toEqual(['Typed with care', null])
  })

  it('takes words that name nobody for nobody’s name, and does not send them', async () => {
    await visit(page, `/tasks/${task}`)
    await assignee().fill('Nobody of this name')
    await page.getByText('No results').waitFor()
    await save()
    expect(await assignee().evaluate((field) => Reflect.get(field, 'validationMessage'))).toBe(
      'Choose an entry from the list, or clear the field.',
    )
    expect(await page.getByRole('status').filter({ hasText: 'Saved' }).count()).toBe(0)
  })

  it('adds and takes off labels that no list holds', async () => {
    await visit(page, `/tasks/${task}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: `Remove the label ${last}` }).click()
    await page.getByRole('combobox', { name: 'Add a label' }).fill('Zz 429')
    await page.getByRole('option', { name: 'Zz 429' }).click()
    await save()
    await isSaved()
    expect((await seen()).labels.map(({ name }) => name)).toEqual(['Zz 429'])
  })

  it('filters tasks by a label, a person and a project that no list holds, and goes on doing so', async () => {
    const one = async (path: string) =>
      ((await (await call('GET', path)).json()) as { items: [{ id: string }] }).items[0].id
    const query = new URLSearchParams({
      assigneeId: await one(`/members?search=${last}`),
      labelId: await one('/labels?search=Zz+429'),
      projectId: await one(`/projects?search=${last}`),
    })
    await visit(page, `/tasks?${query}`)
    const field = (name: string) => page.getByRole('combobox', { name })
    expect(await field('Anyone').inputValue()).toBe(last)
    expect(await field('Any label').inputValue()).toBe('Zz 429')
    expect(await field('Any project').inputValue()).toBe(last)
    await page.getByLabel('Any date').selectOption('week')
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.waitForURL(/due=week/)
    const kept = new URL(page.url()).searchParams
    expect([...query].every(([name, value]) => kept.get(name) === value)).toBe(true)
    await visit(page, page.url())
    await field('Anyone').click()
    await page.getByRole('option', { name: 'Me', exact: true }).click()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.waitForURL(/assigneeId=me/)
  })

  it.each([
    ['/tasks', 'status=todo', '&cursor=made-up&filters=made-up&priority=none-such'],
    [`/tasks/${task}`, '', 'comments=made-up'],
    ['/notifications', '', 'cursor=made-up'],
    ['/search', 'q=release', '&cursor=made-up'],
    ['/settings/members', 'search=zz', '&cursor=made-up&invitations=made-up&cursor=twice'],
    ['/settings/labels', '', 'cursor=made-up'],
    ['/settings/api-keys', '', 'cursor=made-up'],
    ['/settings/security', '', 'cursor=made-up'],
    ['/settings/exports', '', 'kind=made-up&status=made-up&cursor=made-up'],
    ['/settings/imports', '', 'cursor=made-up'],
    ['/settings/audit', '', 'from=2026-99-99&actorId=made-up&cursor=made-up'],
  ])('shows %s as it is without what cannot be read in its address', async (path, readable, more) => {
    const shown = async (query: string) => {
      await visit(page, `${path}?${query}`)
      await expect.poll(() => page.locator('.waiting').count()).toBe(0)
      const main = page.getByRole('main')
      return [
        await main.getByRole('heading').allTextContents(),
        await main.getByRole('listitem').count(),
        await page.getByRole('alert').count(),
      ]
    }
    expect(await shown(readable + more)).toEqual(await shown(readable))
  })

  it('shows how to sign up whatever invitations the address names', async () => {
    const stranger = await openPage(browser, stack, complaints, null)
    await visit(stranger, '/sign-up?invitation=one&invitation=another')
    await stranger.getByLabel('Your name').waitFor()
    await stranger.context().close()
  })

  it('leads to any project by its name, from the navigation and by a key', async () => {
    await visit(page, '/dashboard')
    await page.getByRole('button', { name: 'Find a project' }).click()
    await page.getByRole('combobox', { name: 'Go to a page or search' }).fill(last)
    await page.getByRole('option', { name: last }).click()
    await page.waitForURL('**/projects/*')
    await page.getByRole('heading', { name: last, level: 1 }).waitFor()
    await visit(page, `/projects/${project}`)
    await openCommands(page)
    await page.getByRole('combobox', { name: 'Go to a page or search' }).fill('zz429')
    await page.getByRole('option', { name: 'Zz 429' }).waitFor()
    await page.keyboard.press('Escape')
  })

  it('finds members by % and _ as by any other character', async () => {
    const people = page.locator('#main li').filter({ has: page.getByRole('img') })
    for (const words of ['%', '_', 'zz_1', 'z%1']) {
      await visit(page, `/settings/members?${new URLSearchParams({ search: words })}`)
      await page.getByText('Nobody matches this search.').waitFor()
      expect(await people.count()).toBe(0)
    }
    await visit(page, `/settings/members?search=${last}`)
    await expect.poll(() => people.count()).toBe(1)
  })

  it.each([
    [
      'whose project was removed',
      'Go to the dashboard',
      async (id: string) => call('DELETE', `/projects/${id}`),
    ],
    ['whose reader was signed out', 'Sign in again', async () => call('POST', '/sessions/revoke-others')],
  ] as const)('asks no more for a board %s, and says what to do', async (_, action, end) => {
    const session = newToken()
    await asAdministrator((client) =>
      client.query(
        `insert into sessions (token_hash, user_id, active_org_id, expires_at)
         values ($1, $2, $3, now() + interval '1 day')`,
        [tokenHash(session), owner.id, organisation.id],
      ),
    )
    const reader = await openPage(browser, stack, complaints, null)
    await reader.context().addCookies([{ name: 'authjs.session-token', value: session, url: stack.origin }])
    const made = await call('POST', '/projects', { key: `E${Date.now() % 1_000_000}`, name: 'Ends soon' })
    const { id } = (await made.json()) as { id: string }
    await visit(reader, `/projects/${id}`)
    await reader.locator('[data-live]').waitFor()
    const asked: string[] = []
    reader.on('request', (request) => asked.push(request.url()))
    await end(id)
    await reader.getByRole('link', { name: action }).waitFor({ timeout: 60_000 })
    asked.length = 0
    await reader.waitForTimeout(5_000)
    expect(asked.filter((url) => url.endsWith('/events'))).toEqual([])
    await reader.context().close()
  })

  it('switches to an organisation that the switcher does not show', async () => {
    await visit(page, '/dashboard')
    await page.locator('aside summary').click()
    await page.getByRole('combobox', { name: 'Another organisation' }).fill('Zz 29')
    await page.getByRole('option', { name: 'Zz 29' }).click()
    await page.getByRole('button', { name: 'Go to Zz 29' }).click()
    await page.locator('aside summary').filter({ hasText: 'Zz 29' }).waitFor()
  })

  it('made no browser complain', () => expect(complaints).toEqual([]))
})
