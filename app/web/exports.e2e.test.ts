import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvLines } from '@worklane/domain/csv/read.ts'
import { unzipped } from '@worklane/domain/testing/unzipped.ts'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, projectAt, taskIdAt, userAt } from '../../fixtures/population.ts'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { callAs, openPage, population, takePictures, threeLooks, visit } from './testing/pages.ts'
import { rowsOf } from './testing/rows.ts'
import { violationsOf } from './testing/violations.ts'

const owner = userAt(population, 0)
const organisation = organisationAt(population, owner.organisation)
const { key } = projectAt(population, owner.organisation, 0)

describe('exports and imports', () => {
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
    page.setDefaultTimeout(60_000)
    directory = await mkdtemp(join(tmpdir(), 'headroom-exports-'))
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const sql = (text: string, values: unknown[] = []) => rowsOf(stack, text, values)
  const rows = (list: string) => page.getByRole('list', { name: list }).locator('> li')
  const latest = (list = 'Exports') => rows(list).first()
  const picture = (name: string) =>
    takePictures(page, name, threeLooks, {
      async each([, width]) {
        if (width === 1280) expect(await violationsOf(page)).toEqual([])
      },
    })
  async function download(): Promise<{ name: string; content: Buffer }> {
    const downloading = page.waitForEvent('download')
    await latest().getByRole('button', { name: 'Download' }).click()
    const file = await downloading
    return { name: file.suggestedFilename(), content: await readFile(await file.path()) }
  }
  async function choose(name: string, content: string): Promise<void> {
    const file = join(directory, name)
    await writeFile(file, content)
    await page.getByLabel('CSV file').setInputFiles(file)
  }

  it('are none at first', async () => {
    await visit(page, '/settings/exports')
    await page.getByText('No exports yet.').waitFor()
    await picture('exports-empty')
  })

  it('give the tasks of a filter, from the list of tasks, by the keyboard alone', async () => {
    await visit(page, '/tasks?status=done')
    await page.getByRole('link', { name: 'Export', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('Only the tasks of this filter:').waitFor()
    await page.getByRole('button', { name: 'Start export' }).focus()
    await page.keyboard.press('Enter')
    await latest().getByRole('button', { name: 'Download Tasks · CSV' }).waitFor()
    const { name, content } = await download()
    expect(name).toMatch(/^worklane-tasks-\d{4}-\d\d-\d\d\.csv$/)
    const [heading, ...lines] = (await csvLines(content.toString())).map(({ cells }) => cells)
    const status = heading?.indexOf('status') ?? -1
    expect(new Set(lines.map((cells) => cells[status]))).toEqual(new Set(['done']))
    const [{ count }] = await sql(
      `select count(*)::int from tasks where status = 'done'
         and org_id = (select id from organisations where slug = $1)`,
      [organisation.slug],
    )
    expect(lines).toHaveLength(count)
  })

  it('give the whole organisation as a ZIP with its files, which a mail and a notification tell of', async () => {
    const task = taskIdAt(population, owner.organisation, 0, 0)
    const text = 'What was said, word for word.\n'
    const begun = await callAs(stack, 0, 'POST', `/tasks/${task}/uploads`, {
      name: 'minutes.txt',
      size: text.length,
    })
    const { file, form } = (await begun.json()) as {
      file: { id: string }
      form: { url: string; fields: Record<string, string> }
    }
    const body = new FormData()
    for (const [name, value] of Object.entries(form.fields)) body.set(name, value)
    body.set('file', new Blob([text]))
    expect((await fetch(form.url, { method: 'POST', body })).status).toBe(204)
    await callAs(stack, 0, 'POST', `/uploads/${file.id}/complete`)
    const ready = () => sql('select from files where id = $1 and ready_at is not null', [file.id])
    await expect.poll(async () => (await ready()).length, { timeout: 60_000 }).toBe(1)

    await visit(page, '/settings/organisation')
    await page.getByRole('link', { name: 'Export as ZIP' }).click()
    await expect.poll(() => page.getByLabel('What').inputValue()).toBe('organisation')
    await page.getByRole('button', { name: 'Start export' }).click()
    await latest().getByRole('button', { name: 'Download Whole organisation' }).waitFor()
    await picture('exports')
    const { name, content } = await download()
    expect(name).toMatch(/\.zip$/)
    const entries = await unzipped(content)
    const of = (path: string) => JSON.parse(String(entries.get(path)))
    expect(of('json/organisation.json')).toMatchObject([{ slug: organisation.slug }])
    const [{ members }] = await sql(
      `select count(*)::int as members from memberships
         where org_id = (select id from organisations where slug = $1)`,
      [organisation.slug],
    )
    expect(of('json/members.json')).toHaveLength(members)
    expect(of('json/projects.json')).toHaveLength(organisation.projects)
    expect(String(entries.get(`files/${file.id}/minutes.txt`))).toBe(text)
    const exported = await csvLines(String(entries.get('csv/tasks.csv')))
    expect(exported.length - 1).toBe(of('json/tasks.json').length)

    await expect
      .poll(
        async () => {
          await page.goto('/notifications')
          return page.getByRole('link', { name: 'Your export of the organisation is ready' }).count()
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThan(0)
    await page.goto('/dev/mail')
    await page.getByText('Your export of the organisation is ready').first().waitFor()
  })

  it('are removed, and then no link leads to them any more', async () => {
    await visit(page, '/settings/exports')
    const [{ id }] = await sql("select id from exports where kind = 'organisation' and state = 'ready'")
    const link = await callAs(stack, 0, 'GET', `/exports/${id}/link`)
    const { url } = (await link.json()) as { url: string }
    expect((await fetch(url)).status).toBe(200)
    await latest().getByRole('button', { name: 'Remove' }).click()
    await latest().getByText('Cancelled').waitFor()
    expect((await callAs(stack, 0, 'GET', `/exports/${id}/link`)).status).toBe(409)
    // The worker looks every fifteen seconds.
    await expect.poll(async () => (await fetch(url)).status, { timeout: 60_000 }).not.toBe(200)
  })

  it('say what failed, and what is still being made', async () => {
    await sql(
      `insert into exports (org_id, kind, format, state, created_by, error, rows_done, rows_total, seen_at, run)
       select org_id, kind, format, v.state, created_by, v.error, 12000, 30000, now() + interval '1 hour', uuidv7()
       from exports, (values ('failed', 'It could not be made. Ask for it again.'), ('running', null)) v (state, error)
       where kind = 'tasks'`,
    )
    await visit(page, '/settings/exports')
    await page.getByText('12,000 of 30,000 rows').waitFor()
    await page.getByText('Failed. It could not be made. Ask for it again.').waitFor()
    await picture('exports-states')
    await latest().getByRole('button', { name: 'Cancel' }).click()
    await latest().getByText('Cancelled').waitFor()
  })

  it('take tasks from a file, after they said what is wrong with two of its lines', async () => {
    await visit(page, '/settings/imports')
    await page.getByText('No imports yet.').waitFor()
    await picture('imports-empty')
    const file = (status: string, due: string) =>
      `project,title,status,dueOn\n${key},Order paint,todo,\n${key},Book the hall,${status},\n${key},Thank everybody,done,${due}\n`
    await choose('party.csv', file('later', '2026-02-31'))
    const table = page.getByRole('table', { name: 'Errors in party.csv' })
    await table.getByRole('row').nth(2).waitFor()
    const cells = await table.getByRole('row').allInnerTexts()
    expect(cells.slice(1).map((text) => text.split('\t').map((cell) => cell.trim()))).toEqual([
      ['3', 'status', 'must be one of todo, doing, review, done'],
      ['4', 'dueOn', 'must be a day, such as 2026-12-24'],
    ])
    await picture('imports-mistakes')
    const imported = () => sql("select status from tasks where title = 'Thank everybody'")
    expect(await imported()).toEqual([])
    await choose('party.csv', file('doing', '2026-02-28'))
    await latest('Imports').getByRole('button', { name: 'Add 3 tasks' }).click()
    await latest('Imports').getByText('3 of 3 tasks added').waitFor()
    await picture('imports-done')
    expect(await imported()).toEqual([{ status: 'done' }])
  })

  it('say what is no text, before it is sent', async () => {
    await writeFile(join(directory, 'old.csv'), Buffer.from([0x70, 0xfc, 0xe4, 0x0a]))
    await page.getByLabel('CSV file').setInputFiles(join(directory, 'old.csv'))
    await page.getByText('This file is not UTF-8 text.').waitFor()
  })

  it('left no complaint of a script, and none of the content policy', () => {
    expect(complaints).toEqual([])
  })
})
