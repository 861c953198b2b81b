import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pc from 'picocolors'
import { shownFromHere } from '../plan/here.ts'
import { nearest, UsageError } from '../plan/usage.ts'
import { Result } from '../result/result.ts'
import { changePoints } from './change-points.ts'
import { figure, historyHtml, inWords } from './chart.ts'
import { type Entry, entryOfLighthouse, entryOfResult, LighthouseFile, type RunEntry } from './entry.ts'
import { addToHistory, readHistory } from './file.ts'
import { fallbacks, seriesOf } from './ratchet.ts'

/** Adds runs, given as their directories. @throws UsageError for what is no run, or says nothing */
export async function add(file: string, directories: readonly string[]): Promise<void> {
  const entries = await Promise.all(directories.map(entryOf))
  const added = await addToHistory(file, entries)
  console.log(`${pc.green('✓')} ${added} of ${entries.length} runs are new in ${file}`)
}

/**
 * Tells where levels changed, writes the charts beside the file, and says whether something fell back.
 * @returns whether nothing did
 */
export async function check(file: string): Promise<boolean> {
  const entries = await readHistory(file)
  const series = seriesOf(entries)
  if (series.length === 0)
    throw new UsageError(`${file} has no runs`, 'add some: pnpm history add results/<run>')
  const changes = await changePoints(series)
  const fallen = fallbacks(series, changes, entries)
  const page = join(dirname(file), 'history.html')
  await writeFile(page, historyHtml(series, changes, fallen)).catch(({ code }: NodeJS.ErrnoException) =>
    console.error(`${pc.red('✗')} the charts could not be written to ${page} (${code})`),
  )
  for (const one of series) {
    for (const change of changes.get(one.name) ?? [])
      console.log(`${pc.dim('·')} ${one.name}: ${inWords(one, change)}`)
  }
  for (const { series, best, now, since } of fallen) {
    const from = since.revision ?? since.run
    console.log(
      `${pc.red('✗')} ${series} fell back from ${figure(best)} to ${figure(now)} with ${from}\n  if that is wanted: pnpm history accept '${series}' --because '…'`,
    )
  }
  const runs = entries.filter(({ kind }) => kind === 'run').length
  const mark = fallen.length > 0 ? pc.red('✗') : pc.green('✓')
  console.log(
    `${mark} ${runs} runs, ${series.length} series, ${[...changes.values()].flat().length} changes of level, ${fallen.length} fell back  ${pc.dim(shownFromHere(page))}`,
  )
  return fallen.length === 0
}

/** From now on a series is held to what it is now. @throws UsageError when there is none of that name, or no reason */
export async function accept(file: string, series: string, because: string): Promise<void> {
  if (because.trim() === '')
    throw new UsageError('--because is empty', 'say why the series may stay where it is now')
  const known = seriesOf(await readHistory(file)).map(({ name }) => name)
  if (!known.includes(series)) {
    const meant = nearest(series, known)
    throw new UsageError(
      `${file} has no series "${series}"`,
      meant ? `did you mean "${meant}"?` : 'pnpm history check names those that fell back',
    )
  }
  const entry: Entry = { kind: 'accepted', at: new Date().toISOString(), series, because }
  await addToHistory(file, [entry])
  console.log(`${pc.green('✓')} ${series} is held to what it is now`)
}

async function entryOf(directory: string): Promise<RunEntry> {
  const read = async (name: string): Promise<unknown> => {
    const text = await readFile(join(directory, name), 'utf8').catch(() => undefined)
    try {
      return text === undefined ? undefined : JSON.parse(text)
    } catch (error) {
      throw new UsageError(
        `${join(directory, name)} is no JSON (${(error as Error).message})`,
        'give a directory as a run left it',
      )
    }
  }
  const loadtest = Result.safeParse(await read('result.json'))
  const lighthouse = LighthouseFile.safeParse(await read('lighthouse/result.json'))
  if (!loadtest.success && !lighthouse.success)
    throw new UsageError(
      `${directory} is no run of a load test or of Lighthouse`,
      'give a directory of results/',
    )
  const entry = loadtest.success
    ? entryOfResult(loadtest.data)
    : lighthouse.success
      ? entryOfLighthouse(lighthouse.data)
      : null
  if (entry === null)
    throw new UsageError(
      `${directory} is invalid, or something broke in it, by a --fault or not, or others used its machine`,
      'only runs that say something belong to a history',
    )
  return entry
}
