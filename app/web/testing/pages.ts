import { createHmac } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { operatorsOf } from '@worklane/data/operators.ts'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import {
  type PopulationSpec,
  projectIdAt,
  sessionSubject,
  taskIdAt,
  userAt,
} from '../../../fixtures/population.ts'

/** Small, and with more than one tenant. */
export const population: PopulationSpec = { seed: 1, organisations: 8, users: 120 }
const owner = userAt(population, 0)

/** An address of every page that has a parameter; the others are their own. */
const examples: Record<string, string> = {
  '/projects/[projectId]': `/projects/${projectIdAt(population, owner.organisation, 0)}`,
  '/tasks/[taskId]': `/tasks/${taskIdAt(population, owner.organisation, 0, 0)}`,
  '/invitations/[token]': '/invitations/no-such-token',
  '/unsubscribe/[token]': '/unsubscribe/no-such-token',
  '/search': '/search?q=release',
}

/** Those that a session leads away from. */
export const forStrangers = new Set(['/', '/pricing', '/docs', '/status', '/sign-in', '/sign-up'])

/** Every page of the app, from its files: none can be forgotten. Without the one that only leads to another. */
export async function pagesOfTheApp(): Promise<string[]> {
  const files = await readdir(join(import.meta.dirname, '../app'), { recursive: true })
  return files
    .filter((file) => /(^|\/)page\.tsx$/.test(file))
    .map((file) =>
      `/${file.replace(/\/?page\.tsx$/, '').replaceAll(/\([^)]*\)\/?/g, '')}`.replace(/(.)\/$/, '$1'),
    )
    .filter((page) => page !== '/settings')
    .sort()
}

/** @throws Error for a page with a parameter that has no example */
export function addressOf(page: string): string {
  const address = examples[page] ?? page
  if (address.includes('[')) throw new Error(`${page} has no example address: add one in testing/pages.ts`)
  return address
}

/** The session token of one of the population; its first user is an owner. */
export const tokenOf = (user: number, sessionSecret: string): string =>
  createHmac('sha256', sessionSecret).update(sessionSubject(population, user)).digest('base64url')

/** A stack that runs. */
type Site = { origin: string; sessionSecret: string }

/** A browser in which one of the population is signed in, or nobody. @param width of its window, in pixels */
export async function browserOf(
  browser: Browser,
  { origin, sessionSecret }: Site,
  user: number | null,
  width = 1280,
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: origin, viewport: { width, height: 860 } })
  if (user !== null) {
    const value = tokenOf(user, sessionSecret)
    await context.addCookies([{ name: 'authjs.session-token', value, url: origin }])
  }
  return context
}

/** Makes one of the population an operator, as the owner of the database does. */
export async function makeOperator(
  { env }: { env: Record<string, string | undefined> },
  user: number,
): Promise<void> {
  await operatorsOf(env.DATABASE_URL ?? '').add(userAt(population, user).email)
}

/** A page in a browser of its own. @param complaints where what its scripts throw is kept, behind the path of the page */
export async function openPage(
  browser: Browser,
  site: Site,
  complaints: string[],
  user: number | null = 0,
  width = 1280,
): Promise<Page> {
  const page = await (await browserOf(browser, site, user, width)).newPage()
  page.on('pageerror', ({ message }) => complaints.push(`${new URL(page.url()).pathname}: ${message}`))
  // Asked for here: one that is asked for right before a key is pressed comes after the key, one time in four.
  page.on('filechooser', () => {})
  return page
}

/** The same by the API, as one of the population does it elsewhere. */
export const callAs = (
  { origin, sessionSecret }: Site,
  user: number,
  method: string,
  path: string,
  body?: object,
): Promise<Response> =>
  fetch(`${origin}/v1${path}`, {
    method,
    headers: {
      cookie: `authjs.session-token=${tokenOf(user, sessionSecret)}`,
      'content-type': 'application/json',
    },
    body: body ? JSON.stringify(body) : null,
  })

// React sets the hidden inputs of a server action aside.
const controls = 'button, input:not([type=hidden]), select, textarea, form'
const taken = `[...document.querySelectorAll(${JSON.stringify(controls)})]
  .every((control) => Object.keys(control).some((key) => key.startsWith('__react')))`

/** Goes to an address, and on when React has taken over every control: a click before that goes nowhere. */
export async function visit(page: Page, address: string): Promise<void> {
  await page.goto(address)
  await expect.poll(() => page.evaluate(taken), { timeout: 20_000 }).toBe(true)
}

/** By its keys, which nothing on the page shows to be heard yet: pressed again, as people do, until it is there. */
export async function openCommands(page: Page): Promise<void> {
  const menu = page.getByRole('combobox')
  for (let turn = 0; turn < 10 && !(await menu.isVisible()); turn++) {
    await page.keyboard.press('Control+k')
    await menu.waitFor({ timeout: 2_000 }).catch(() => {})
  }
}

/** A colour scheme and a width in pixels. */
export type Look = readonly ['light' | 'dark', number]

/** Gives an open page another look, and waits until its colours have arrived. */
export async function wear(page: Page, [colorScheme, width]: Look): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await page.setViewportSize({ width, height: 860 })
  await expect.poll(() => page.evaluate('document.documentElement.dataset.theme')).toBe(colorScheme)
  await page.evaluate(`Promise.allSettled(document.getAnimations()
    .filter((animation) => animation instanceof CSSTransition).map(({ finished }) => finished))`)
}

export const screenshots = join(import.meta.dirname, '../../../screenshots')
const bright: Look = ['light', 1280]

/**
 * Takes a page's picture in several looks, for somebody to open; it ends bright and wide.
 * @param more.each what else is looked at in each of them
 */
export async function takePictures(
  page: Page,
  name: string,
  looks: readonly Look[],
  { fullPage = true, each }: { fullPage?: boolean; each?: (look: Look) => Promise<void> } = {},
): Promise<void> {
  await mkdir(screenshots, { recursive: true })
  for (const look of looks) {
    await wear(page, look)
    await page.screenshot({ path: join(screenshots, `${name}-${look.join('-')}.png`), fullPage })
    await each?.(look)
  }
  await wear(page, bright)
}

/** In both colour schemes, and on a phone. */
export const threeLooks: readonly Look[] = [bright, ['dark', 1280], ['light', 390]]
export const fourLooks: readonly Look[] = [...threeLooks, ['dark', 390]]
