import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { organisationAt, taskIdAt, userAt } from '../../fixtures/population.ts'
import { partNames, type Stack, startStack } from '../../harness/stack/stack.ts'
import { launchChromium, provideHeadless } from '../../harness/toolchain/chromium.ts'
import { pdfOf } from './testing/documents.ts'
import {
  callAs,
  openPage,
  population,
  screenshots,
  takePictures,
  threeLooks,
  visit,
  wear,
} from './testing/pages.ts'
import { rowsOf } from './testing/rows.ts'
import { violationsOf } from './testing/violations.ts'

const mebibyte = 1024 ** 2
const owner = userAt(population, 0)
const task = taskIdAt(population, owner.organisation, 0, 0)
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('the files of a task', () => {
  let stack: Stack
  let browser: Browser
  let page: Page
  let directory: string
  const complaints: string[] = []

  beforeAll(async () => {
    stack = await startStack({
      population,
      parts: partNames.filter((part) => part !== 'prometheus'),
      env: { RATE_LIMIT_SCALE: '20' },
    })
    browser = await launchChromium(await provideHeadless())
    page = await openPage(browser, stack, complaints)
    page.setDefaultTimeout(20_000)
    directory = await mkdtemp(join(tmpdir(), 'headroom-files-'))
  })
  afterAll(async () => {
    await browser?.close()
    await stack?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const sql = (text: string, values: unknown[] = []) => rowsOf(stack, text, values)
  /** A picture as a browser paints it. */
  async function paint(name: string, colour: string): Promise<string> {
    const painter = await browser.newPage({ viewport: { width: 1000, height: 750 } })
    await painter.setContent(
      `<body style="margin:0;background:linear-gradient(135deg, ${colour}, white)"><h1 style="font:90px sans-serif;padding:60px">${name}</h1>`,
    )
    const file = join(directory, `${name}.png`)
    await painter.screenshot({ path: file })
    await painter.close()
    return file
  }
  async function write(name: string, bytes: string | Uint8Array): Promise<string> {
    const file = join(directory, name)
    await writeFile(file, bytes)
    return file
  }
  const field = () => page.getByLabel('Drop files here')
  const choose = (...files: string[]) => field().setInputFiles(files)
  const tile = (name: string) =>
    page.getByRole('list', { name: 'Files of this task' }).locator('li', { hasText: name })
  const row = (name: string) => page.getByRole('list', { name: 'Uploads' }).locator('li', { hasText: name })
  /** Bytes, as its bar shows. */
  const sentOf = async (name: string) => Number(await row(name).locator('progress').getAttribute('value'))
  const open = () => visit(page, `/tasks/${task}`)
  /** In both colour schemes and on a phone, each usable by all. */
  const picture = (name: string) =>
    takePictures(page, `files-${name}`, threeLooks, {
      async each([, width]) {
        if (width === 1280) expect(await violationsOf(page)).toEqual([])
      },
    })

  it('are none at first, and can be chosen by the keyboard', async () => {
    await open()
    await expect.poll(() => page.getByText('No files yet.').isVisible()).toBe(true)
    await picture('empty')
    await field().focus()
    const chooser = page.waitForEvent('filechooser')
    await page.keyboard.press('Enter')
    await (await chooser).setFiles(await paint('sketch', 'rebeccapurple'))
    await tile('sketch.png').getByRole('button', { name: 'Download' }).waitFor()
    expect(await page.getByText('No files yet.').isVisible()).toBe(false)
  })

  it('are shown as small pictures, and large in a preview that the keyboard turns and closes', async () => {
    await choose(await paint('harbour', 'teal'), await write('offer.pdf', pdfOf('An offer, in writing')))
    for (const name of ['harbour.png', 'offer.pdf'])
      await tile(name)
        .getByRole('button', { name: `Show ${name}` })
        .waitFor()
    const loaded = (selector: string) =>
      page.evaluate(
        `(() => { const image = document.querySelector(${JSON.stringify(selector)}); return image ? image.naturalWidth : 0 })()`,
      )
    await expect.poll(() => loaded('ul li img')).toBeGreaterThan(100)
    await picture('gallery')
    await page.getByRole('button', { name: 'Show harbour.png' }).click()
    const dialog = page.getByRole('dialog')
    await expect.poll(() => loaded('dialog img')).toBe(1000)
    await page.screenshot({ path: join(screenshots, 'files-preview-light.png') })
    await page.keyboard.press('ArrowLeft')
    await dialog.getByRole('heading', { name: 'offer.pdf' }).waitFor()
    await expect.poll(() => loaded('dialog img')).toBeGreaterThan(500)
    await wear(page, ['dark', 1280])
    await page.screenshot({ path: join(screenshots, 'files-preview-pdf-dark.png') })
    expect(await violationsOf(page)).toEqual([])
    await wear(page, ['light', 390])
    await page.screenshot({ path: join(screenshots, 'files-preview-pdf-390.png') })
    await wear(page, ['light', 1280])
    await page.keyboard.press('Escape')
    await expect.poll(() => dialog.count()).toBe(0)
  })

  it('are downloaded as they were uploaded, under their name', async () => {
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download harbour.png' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toBe('harbour.png')
    const [got, had] = await Promise.all([
      readFile(await download.path()),
      readFile(join(directory, 'harbour.png')),
    ])
    expect(digest(got)).toBe(digest(had))
  })

  it('of 30 MB go on where they were when the connection comes back', async () => {
    const bytes = Buffer.alloc(30 * mebibyte, 'all that the server said\n')
    const file = await write('server.log', bytes)
    const parts: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'PUT') parts.push(new URL(request.url()).searchParams.get('partNumber') ?? '')
    })
    const network: CDPSession = await page.context().newCDPSession(page)
    const speed = (offline: boolean) =>
      network.send('Network.emulateNetworkConditions', {
        ...{ offline, latency: 0, downloadThroughput: -1, uploadThroughput: 6 * mebibyte },
      })
    await speed(false)
    await choose(file)
    const sent = () => sentOf('server.log')
    await expect.poll(sent, { interval: 100 }).toBeGreaterThan(10 * mebibyte)
    await speed(true)
    await row('server.log').getByText('You are offline').waitFor()
    await picture('offline')
    const before = parts.length
    await speed(false)
    await row('server.log').getByRole('button', { name: 'Pause' }).click()
    await row('server.log').getByText('Paused').waitFor()
    await row('server.log').getByRole('button', { name: 'Resume' }).click()
    await tile('server.log').getByRole('button', { name: 'Download' }).waitFor({ timeout: 60_000 })
    // What the store had it was not sent again.
    expect(before).toBeGreaterThanOrEqual(2)
    expect(parts.filter((number) => number === '1')).toHaveLength(1)
    expect(new Set(parts)).toEqual(new Set(['1', '2', '3', '4']))
    await network.detach()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download server.log' }).click()
    expect(digest(await readFile(await (await downloading).path()))).toBe(digest(bytes))
  })

  it('go on after the page was loaded anew, once the same file is chosen again', async () => {
    const file = await write('second.log', Buffer.alloc(20 * mebibyte, 'again\n'))
    const network = await page.context().newCDPSession(page)
    await network.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 6 * mebibyte },
    })
    await choose(file)
    const sent = () => sentOf('second.log')
    await expect.poll(sent, { interval: 100 }).toBeGreaterThan(9 * mebibyte)
    page.once('dialog', (dialog) => void dialog.accept())
    await open()
    await tile('second.log').getByText('Choose the same file again').waitFor()
    await network.detach()
    await choose(file)
    await tile('second.log').getByRole('button', { name: 'Download' }).waitFor()
    const rows = await sql("select size from files where name = 'second.log'")
    expect(rows).toHaveLength(1)
  })

  it('belong to a comment when they are attached to it', async () => {
    await page.getByLabel('Attach files').setInputFiles(await write('minutes.pdf', pdfOf('What was said')))
    await page.getByRole('list', { name: 'Attached to this comment' }).getByText('minutes.pdf').waitFor()
    await page.getByLabel('Write a comment').fill('Here is what was said.')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    const comment = page.getByRole('list', { name: 'Files of this comment' }).locator('li')
    await comment.getByText('minutes.pdf').waitFor()
    expect(await page.getByRole('list', { name: 'Attached to this comment' }).count()).toBe(0)
    await tile('minutes.pdf').getByRole('button', { name: 'Download' }).waitFor()
    await open()
    await comment.getByRole('button', { name: 'Download minutes.pdf' }).waitFor()
    await picture('comment')
  })

  it('are refused when they are not what their name says, before they are sent and after', async () => {
    await choose(await write('setup.exe', 'MZ'), await write('cat.png', '<script>alert(1)</script>'))
    await row('setup.exe').getByText('This kind of file cannot be attached.').waitFor()
    await tile('cat.png').getByText('Rejected: its content does not match its file type.').waitFor()
    await picture('refused')
    // Nobody else ever saw it.
    const others = await callAs(stack, 1, 'GET', `/tasks/${task}/files`)
    expect(await others.text()).not.toContain('cat.png')
    await row('setup.exe').getByRole('button', { name: 'Dismiss' }).click()
  })

  it('are refused beyond the plan, with the way to a larger one', async () => {
    const organisation = organisationAt(population, owner.organisation)
    const [{ id, plan }] = (await sql('select id, plan from organisations where slug = $1', [
      organisation.slug,
    ])) as [{ id: string; plan: string }]
    await sql("update organisations set plan = 'free' where id = $1", [id])
    await sql(
      `insert into files (org_id, task_id, name, type, size, upload_until, uploaded_at, ready_at)
       values ($1, $2, 'archive.zip', 'application/zip', 1073741824, now(), now(), now())`,
      [id, task],
    )
    await choose(join(directory, 'harbour.png'))
    await row('harbour.png').getByText('Your plan Free allows 1 GiB of files').waitFor()
    await page.getByRole('link', { name: /plans/i }).first().waitFor()
    await picture('beyond')
    await sql("delete from files where name = 'archive.zip'")
    await sql('update organisations set plan = $2::plan where id = $1', [id, plan])
  })

  it('are removed by asking twice, from the store as well', async () => {
    await open()
    await page.getByRole('button', { name: 'Remove sketch.png' }).click()
    await page.getByRole('button', { name: 'Delete sketch.png permanently' }).click()
    await expect.poll(() => tile('sketch.png').count()).toBe(0)
    // The worker looks every fifteen seconds.
    await expect
      .poll(async () => (await sql('select from removed_files where emptied_at is null')).length, {
        timeout: 40_000,
      })
      .toBe(0)
  })

  it('left no complaint of a script, and none of the content policy', () => {
    expect(complaints).toEqual([])
  })
})
