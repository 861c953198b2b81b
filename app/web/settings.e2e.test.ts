import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type User, userAt } from '../../fixtures/population.ts'
import { type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { callAs, openPage, population, visit } from './testing/pages.ts'

/** The people of the largest organisation, its owner first. */
const people = Array.from({ length: population.users }, (_, index) => userAt(population, index)).filter(
  ({ organisation }) => organisation === userAt(population, 0).organisation,
)
const [owner] = people as [User]
const some = (role: User['role'], place = 0) => people.filter((each) => each.role === role)[place] as User

describe('the settings in a browser', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({ population, env: { RATE_LIMIT_SCALE: '20' } })
    browser = await launchChromium(await provideHeadless())
    page = await as(owner)
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
  })

  const as = ({ index }: User, width?: number) => openPage(browser, stack, complaints, index, width)

  /** The same by the API, as somebody else does it at the same time. */
  const call = (user: User, method: string, path: string, body?: object) =>
    callAs(stack, user.index, method, path, body)
  const json = async (response: Promise<Response>) =>
    (await (await response).json()) as Record<string, string>

  it('find a member, and give them another role', async () => {
    const member = some('member')
    await visit(page, '/settings/members')
    await page.getByLabel('Find people').fill(member.email)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.waitForURL(/search=/)
    const role = page.getByLabel(`Role of ${member.name}`)
    await role.selectOption('manager')
    await expect.poll(async () => (await json(call(member, 'GET', '/me'))).role).toBe('manager')
    await visit(page, page.url())
    expect(await role.inputValue()).toBe('manager')
    expect(await page.getByRole('combobox').count()).toBeGreaterThan(0)
    await page.getByLabel('Find people').fill('nobody is called this')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByText('Nobody matches this search.').waitFor()
  })

  it('keep the role that it was, and say why, when the change is refused', async () => {
    const gone = some('member', 1)
    await visit(page, `/settings/members?search=${gone.email}`)
    const role = page.getByLabel(`Role of ${gone.name}`)
    await role.waitFor()
    expect((await call(owner, 'DELETE', `/members/${gone.id}`)).status).toBe(200)
    await role.selectOption('viewer')
    await page.getByRole('alert').filter({ hasText: 'There is no such member' }).waitFor()
    expect(await role.inputValue()).toBe('member')
  })

  it('remove a member, whose next request is refused', async () => {
    const gone = some('member', 2)
    await visit(page, `/settings/members?search=${gone.email}`)
    await page.getByRole('button', { name: `Remove ${gone.name}` }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Remove ${gone.name}` })
      .click()
    await page.getByText('Nobody matches this search.').waitFor()
    expect((await call(gone, 'GET', '/me')).status).toBe(401)
  })

  it('say why an invitation cannot be taken back', async () => {
    const { id } = await json(
      call(owner, 'POST', '/invitations', { email: 'late@example.test', role: 'member' }),
    )
    await visit(page, '/settings/members')
    const takeBack = page.getByRole('button', { name: 'Revoke the invitation of late@example.test' })
    await takeBack.waitFor()
    expect((await call(owner, 'DELETE', `/invitations/${id}`)).status).toBe(200)
    await takeBack.click()
    await page.getByRole('alert').filter({ hasText: 'There is no such invitation' }).waitFor()
  })

  it('make a label, rename it, and remove it', async () => {
    await visit(page, '/settings/labels')
    await page.getByRole('textbox', { name: 'Name' }).fill('Urgent matter')
    await page.getByRole('button', { name: 'Add label' }).click()
    await page.getByLabel('Change the label Urgent matter').click()
    const row = page.getByRole('listitem').filter({ hasText: 'Urgent matter' })
    await row.getByLabel('Name').fill('Calm matter')
    await row.getByLabel('Colour').selectOption('green')
    await row.getByRole('button', { name: 'Save' }).click()
    await page.getByLabel('Change the label Calm matter').waitFor()
    const { items } = (await (await call(owner, 'GET', '/labels')).json()) as { items: { name: string }[] }
    expect(items).toContainEqual(expect.objectContaining({ name: 'Calm matter', colour: 'green' }))
    await page.getByRole('button', { name: 'Remove the label Calm matter' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove the label Calm matter' }).click()
    await page.getByText('Calm matter').first().waitFor({ state: 'hidden' })
  })

  it('show of the audit log what one person did', async () => {
    const manager = some('manager')
    expect((await call(manager, 'POST', '/projects', { key: 'AUD', name: 'Audited' })).status).toBe(201)
    await visit(page, '/settings/audit')
    expect(await page.getByLabel('Operation').locator('option').first().textContent()).toBe('Any operation')
    const person = page.getByRole('combobox', { name: 'Person' })
    await person.fill(manager.email)
    await page.getByRole('option', { name: manager.email }).click()
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.waitForURL(/actorId=/)
    expect(await person.inputValue()).toBe(manager.name)
    await page.locator('summary').filter({ hasText: 'project.create' }).first().waitFor()
    const entries = page.locator('#main summary')
    const theirs = entries.filter({ hasText: `by ${manager.name}` })
    expect(await theirs.count()).toBe(await entries.count())
    expect(await page.getByText(`by ${owner.name}`).count()).toBe(0)
    await person.fill('nobody is called this')
    await page.getByText('No results').waitFor()
    await person.fill('')
    // Of an empty field the list shows everybody, over the button.
    await person.press('Escape')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.waitForURL((url) => url.searchParams.get('actorId') === '')
    await page.getByText(`by ${owner.name}`).first().waitFor()
  })

  it('mark a key that the browser does not let us copy', async () => {
    await visit(page, '/settings/api-keys')
    await page.getByText('Choose single scopes').click()
    await page.getByLabel('task:write').check()
    await page.getByLabel('Name').fill('Robot')
    await page.getByRole('button', { name: 'New key' }).click()
    await page.locator('[data-secret]').waitFor()
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("no"))')
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('The text is selected').waitFor()
    expect(await page.evaluate('getSelection().toString()')).toMatch(/^wl_/)
    await visit(page, page.url())
    await page.getByText('*:read, task:write').waitFor()
  })

  it('show a viewer what a viewer may open, and of the rest who may', async () => {
    const viewer = await as(some('viewer'))
    await visit(viewer, '/settings/members')
    const navigation = viewer.getByRole('navigation', { name: 'Settings' })
    await viewer.getByText('What each role may do').waitFor()
    const links = await navigation.getByRole('link').allTextContents()
    expect(links).toEqual([
      'Profile',
      'Security',
      'E-mail notifications',
      'Organisation',
      'Members',
      'Labels',
      'Exports',
    ])
    expect(await viewer.getByRole('button', { name: /^Remove/ }).count()).toBe(0)
    await visit(viewer, '/settings/audit')
    await viewer.getByRole('heading', { name: 'You need the role admin or higher' }).waitFor()
    await viewer.context().close()
  })

  it('have the page that one is on in sight on a phone', async () => {
    const phone = await as(owner, 390)
    await visit(phone, '/settings/audit')
    const place = async () => {
      const box = await phone
        .getByRole('navigation', { name: 'Settings' })
        .getByRole('link', { name: 'Audit log' })
        .boundingBox()
      return box && box.x >= 0 && box.x + box.width <= 390
    }
    await expect.poll(place).toBe(true)
    await phone.context().close()
  })

  it('leave the organisation', async () => {
    const leaver = await as(some('viewer', 1))
    await visit(leaver, '/settings/organisation')
    await leaver.getByRole('button', { name: 'Leave' }).click()
    await leaver.getByRole('dialog').getByRole('button', { name: 'Leave' }).click()
    // They have no other: the way is to a new one.
    await leaver.waitForURL('**/onboarding')
    expect((await call(some('viewer', 1), 'GET', '/me')).status).toBe(401)
    await leaver.context().close()
  })

  it('delete an account, with the address typed to confirm', async () => {
    const gone = some('viewer', 2)
    const going = await as(gone)
    await visit(going, '/settings/profile')
    await going.getByRole('button', { name: 'Delete account' }).click()
    const dialog = going.getByRole('dialog')
    await dialog.getByLabel(/to confirm/).fill(gone.email)
    await dialog.getByRole('button', { name: 'Delete account' }).click()
    await going.waitForURL((url) => !url.pathname.startsWith('/settings'))
    expect((await call(gone, 'GET', '/me')).status).toBe(401)
    await visit(page, `/settings/members?search=${gone.email}`)
    await page.getByText('Nobody matches this search.').waitFor()
    await going.context().close()
  })

  it('say where the organisation has its days, by which pages show their times', async () => {
    await visit(page, '/settings/organisation')
    const zone = page.getByRole('combobox', { name: 'Time zone' })
    const save = page.locator('form', { has: zone }).getByRole('button', { name: 'Save' })
    expect(await zone.inputValue()).toBe('UTC')
    await zone.fill('Mars/Olympus')
    await save.click()
    await page.getByRole('alert').getByText('IANA time zone database').waitFor()
    expect(await zone.inputValue()).toBe('Mars/Olympus')
    await zone.fill('Asia/Kolkata')
    expect(await page.locator('#time-zones option[value="Europe/Berlin"]').count()).toBe(1)
    await save.click()
    await page.getByText('Saved').waitFor()
    const { items } = (await json(call(owner, 'GET', '/audit?operation=organisation.update'))) as unknown as {
      items: { at: string }[]
    }
    await visit(page, '/settings/audit?operation=organisation.update')
    const shown = new Date(Date.parse(items[0]?.at ?? '') + 5.5 * 3_600_000).toISOString()
    await page.getByText(shown.slice(0, 16).replace('T', ' ')).waitFor()
  })

  it('make somebody else the owner', async () => {
    const heir = some('admin')
    await visit(page, '/settings/organisation')
    await page.getByRole('combobox', { name: 'New owner' }).pressSequentially(heir.email.slice(0, -4))
    await page.getByRole('option', { name: new RegExp(heir.email) }).click()
    await page.getByRole('button', { name: `Make ${heir.name} the owner` }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Make ${heir.name} the owner` })
      .click()
    await expect.poll(async () => (await json(call(heir, 'GET', '/me'))).role).toBe('owner')
    // The page follows: who was the owner may leave now.
    await page.getByRole('button', { name: 'Leave' }).waitFor()
    expect(await page.getByRole('button', { name: 'Delete organisation' }).count()).toBe(0)
  })

  it('met no error on the way', () => expect(complaints).toEqual([]))
})
