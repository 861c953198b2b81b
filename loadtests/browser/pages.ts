import type { Page } from 'k6/browser'
import { organisationAt, projectIdAt, taskIdAt, whaleOf } from '../../fixtures/population.ts'
import type { Run } from '../swarm/options.ts'
import type { VisitedPage } from '../wire/visits.ts'
import { clickTook, isAlive, watchClick } from './in-page.ts'

/** What to load, how to know that it is that page, and what to do on it. */
export type Place = {
  path: string
  isSignedIn: boolean
  /** Stands in this page and in none that one could be led to instead. */
  marker: string
  /** Where the visit ends, when that is not where it began. */
  endsAt?: string
  /** Something a user does, so that there is an interaction to measure. @returns ms until a new page, if one came */
  act: (page: Page) => Promise<number | undefined>
}

/** Nobody waits longer than this for a page, nor for what they did to it. Milliseconds. */
export const patience = 10_000

const waiting = { polling: 50, timeout: patience }

/** The pages as the owner of the largest tenant sees them: the fullest there are. */
export function placesOf(run: Run): Record<VisitedPage, Place> {
  const { canary, index } = organisationAt(run.population, whaleOf(run.population))
  const board = `/projects/${projectIdAt(run.population, index, 0)}`
  const task = `/tasks/${taskIdAt(run.population, index, 0, 0)}`
  const own = { isSignedIn: true, marker: canary }
  return {
    '/': { path: '/', isSignedIn: false, marker: 'Worklane: boards', act: moveFocus },
    '/dashboard': { path: '/dashboard', ...own, act: searchCommands },
    '/projects/[projectId]': { path: board, ...own, act: beginTask },
    '/tasks/[taskId]': { path: task, ...own, act: beginComment },
    'click to /projects/[projectId]': {
      path: task,
      endsAt: board,
      ...own,
      act: (page) => follow(page, board, canary),
    },
  }
}

async function moveFocus(page: Page): Promise<undefined> {
  await page.keyboard.press('Tab')
}

async function searchCommands(page: Page): Promise<undefined> {
  await page.waitForFunction(isAlive, waiting, 'aside nav a')
  await page.keyboard.press('Control+k')
  await page.waitForSelector('dialog[open] input', { timeout: patience })
  await page.keyboard.type('ro')
}

const newTask = '[data-shortcut="c"]'

async function beginTask(page: Page): Promise<undefined> {
  await page.waitForFunction(isAlive, waiting, newTask)
  await page.locator(newTask).click()
  await page.waitForSelector('dialog[open] input', { timeout: patience })
  await page.keyboard.type('Tidy')
}

async function beginComment(page: Page): Promise<undefined> {
  await page.waitForFunction(isAlive, waiting, '#comment')
  await page.locator('#comment').click()
  await page.keyboard.type('Fine')
}

async function follow(page: Page, path: string, text: string): Promise<number> {
  const link = `main a[href="${path}"]`
  await page.waitForFunction(isAlive, waiting, link)
  await page.evaluate(watchClick, { path, selector: newTask, text })
  await page.locator(link).first().click()
  await page.waitForFunction(clickTook, waiting)
  const milliseconds = Number(await page.evaluate(clickTook))
  if (milliseconds < 0) throw new Error('the click loaded a document instead of going there inside the app')
  return milliseconds
}
