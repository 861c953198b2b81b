import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UtcClient } from '@worklane/data/utc-client.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, projectIdAt, taskIdAt, userAt } from '../../fixtures/population.ts'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { callAs, openPage, population, takePictures, threeLooks, visit } from './testing/pages.ts'
import { violationsOf } from './testing/violations.ts'

const owner = userAt(population, 0)
const organisation = organisationAt(population, owner.organisation)
const task = taskIdAt(population, owner.organisation, 0, 0)
const colleague = organisation.firstUser + 1
const stranger = organisationAt(population, owner.organisation + 1).firstUser

describe('avatars and logos', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  let directory: string
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({
      population,
      parts: partNames.filter((part) => part !== 'prometheus' && part !== 'payments'),
      env: { RATE_LIMIT_SCALE: '20' },
    })
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints)
    page.setDefaultTimeout(30_000)
    directory = await mkdtemp(join(tmpdir(), 'headroom-pictures-'))
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  async function write(name: string, bytes: string | Uint8Array): Promise<string> {
    const file = join(directory, name)
    await writeFile(file, bytes)
    return file
  }
  async function paint(name: string, css: string): Promise<string> {
    const painter = await browser.newPage({ viewport: { width: 900, height: 600 } })
    await painter.setContent(`<body style="margin:0;${css}">`)
    const file = join(directory, name)
    await painter.screenshot({ path: file })
    await painter.close()
    return file
  }
  const face = 'background:radial-gradient(circle at 50% 45%, #f5c6a5 0 22%, #7a4a2b 22% 27%, #3d6b99 27%)'
  const mark = 'background:conic-gradient(from 45deg, #6d28d9, #0ea5e9, #10b981, #6d28d9)'
  const setting = (name: string) => page.getByRole('group', { name })
  const choose = (name: string, file: string) =>
    setting(name).getByLabel('Choose a picture').setInputFiles(file)
  /** How wide the picture is that a browser shows of somebody; 0 where it shows initials. */
  const shown = (scope: string, name: string) =>
    page.evaluate(
      `document.querySelector(${JSON.stringify(`${scope} [role=img][aria-label="${name}"] img`)})?.naturalWidth ?? 0`,
    )
  const picture = (name: string) =>
    takePictures(page, `pictures-${name}`, threeLooks, {
      async each([, width]) {
        if (width === 1280) expect(await violationsOf(page)).toEqual([])
      },
    })

  it('are initials at first, and can be chosen by the keyboard and looked at before they are saved', async () => {
    await visit(page, '/settings/profile')
    expect(await shown('fieldset', owner.name)).toBe(0)
    await picture('none')
    await setting('Your picture').getByLabel('Choose a picture').focus()
    const chooser = page.waitForEvent('filechooser')
    await page.keyboard.press('Enter')
    await (await chooser).setFiles(await paint('me.png', face))
    await expect.poll(() => shown('fieldset', owner.name)).toBe(900)
    await picture('chosen')
    await setting('Your picture').getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => shown('fieldset', owner.name)).toBe(0)
  })

  it('are shown once they are checked: in the header, the members, on cards and beside comments', async () => {
    await choose('Your picture', join(directory, 'me.png'))
    await setting('Your picture').getByRole('button', { name: 'Save picture' }).click()
    await page.getByText('Your picture is shown.').waitFor({ timeout: 60_000 })
    await expect.poll(() => shown('fieldset', owner.name)).toBe(192)
    await expect.poll(() => shown('aside', owner.name)).toBe(192)
    await picture('saved')
    await callAs(stack, 0, 'PATCH', `/tasks/${task}`, { assigneeId: owner.id })
    await callAs(stack, 0, 'POST', `/tasks/${task}/comments`, { body: 'Seen by my face.' })
    for (const path of [
      '/settings/members',
      `/projects/${projectIdAt(population, owner.organisation, 0)}`,
      `/tasks/${task}`,
    ]) {
      await page.goto(path)
      await expect.poll(() => shown('main', owner.name), { timeout: 20_000 }).toBe(192)
    }
    await picture('task')
  })

  it('are seen by colleagues, by a link that stays the same, and by nobody else', async () => {
    const me = async (who: number) => (await callAs(stack, who, 'GET', '/members')).text()
    const link = /"avatar":"([^"]+pictures[^"]+)"/.exec(await me(colleague))?.[1] ?? ''
    expect((await fetch(link)).headers.get('content-type')).toBe('image/webp')
    expect(await me(colleague)).toContain(link)
    expect(await me(stranger)).not.toContain('/pictures/')
    // Of another picture, as of another person, a link says nothing.
    expect((await fetch(link.replace(owner.id, userAt(population, stranger).id))).status).toBe(403)
  })

  it('are refused before they are sent, or after, with the reason', async () => {
    await visit(page, '/settings/profile')
    await choose('Your picture', await write('me.pdf', '%PDF-1.4'))
    await page.getByText('This file type is not supported.').waitFor()
    await choose('Your picture', await write('large.png', Buffer.alloc(2 * 1024 ** 2 + 1)))
    await page.getByText('This picture is larger than 2 MB.').waitFor()
    await picture('too-large')
    await choose('Your picture', await write('lie.png', '<script>alert(1)</script>'))
    await setting('Your picture').getByRole('button', { name: 'Save picture' }).click()
    await page.getByText('Rejected: its content does not match its file type.').waitFor({ timeout: 60_000 })
    await setting('Your picture').getByRole('button', { name: 'Cancel' }).click()
    await expect.poll(() => shown('fieldset', owner.name)).toBe(192)
  })

  it('say so when the store cannot be reached, and can be saved again', async () => {
    await page.route('**/worklane-files', (route) => route.abort())
    await choose('Your picture', join(directory, 'me.png'))
    await setting('Your picture').getByRole('button', { name: 'Save picture' }).click()
    await page.getByText('The picture could not be uploaded. Try again.').waitFor()
    await page.unroute('**/worklane-files')
    await setting('Your picture').getByRole('button', { name: 'Save picture' }).click()
    await page.getByText('Your picture is shown.').waitFor({ timeout: 60_000 })
  })

  it('leave the initials where a picture cannot be loaded', async () => {
    await page.route('**/pictures/**', (route) => route.abort())
    await visit(page, '/settings/members')
    expect(await shown('main', owner.name)).toBe(0)
    await picture('not-loaded')
    await page.unroute('**/pictures/**')
  })

  it('are the logo of an organisation, in the header of everybody who works there', async () => {
    await visit(page, '/settings/organisation')
    await choose('Logo', await paint('logo.png', mark))
    await setting('Logo').getByRole('button', { name: 'Save picture' }).click()
    await page.getByText('The logo is shown.').waitFor({ timeout: 60_000 })
    await expect.poll(() => shown('aside summary', organisation.name)).toBe(192)
    await picture('logo')
    const other = await openPage(browser, stack, complaints, colleague)
    await other.goto('/dashboard')
    await expect
      .poll(() => other.evaluate("document.querySelector('aside summary img')?.naturalWidth ?? 0"), {
        timeout: 20_000,
      })
      .toBe(192)
    await other.context().close()
  })

  it('are removed, from the store as well', async () => {
    await setting('Logo').getByRole('button', { name: 'Remove picture' }).click()
    await page.getByText('The picture is removed.').waitFor()
    await expect.poll(() => shown('aside summary', organisation.name)).toBe(0)
    await visit(page, '/settings/profile')
    await setting('Your picture').getByRole('button', { name: 'Remove picture' }).click()
    await expect.poll(() => shown('aside', owner.name)).toBe(0)
    const client = new UtcClient({ connectionString: stack.env.DATABASE_URL })
    await client.connect()
    // The worker looks every fifteen seconds.
    await expect
      .poll(
        async () => (await client.query('select from removed_pictures where emptied_at is null')).rowCount,
        { timeout: 60_000 },
      )
      .toBe(0)
    await client.end()
  })

  it('left no complaint of a script, and none of the content policy', () => {
    expect(complaints).toEqual([])
  })
})
