import { readFile } from 'node:fs/promises'
import {
  metrics,
  type Outcome,
  outcomes,
  readLabel,
  type VisitLabel,
  type Vital,
  vitals,
} from '@headroom/loadtests/wire/visits.ts'
import { z } from 'zod'

export type Visit = VisitLabel & {
  outcome: Outcome
  /** What was there instead of the right page; empty for a good visit. */
  saw: string
  /** It ended in the stage in which it began. */
  within: boolean
}

export type Sample = VisitLabel & { vital: Vital; value: number }

/** All that the browser told. */
export type Seen = {
  visits: Visit[]
  samples: Sample[]
  /** All visits were made that there was time for. */
  finished: boolean
}

const Point = z.object({
  type: z.literal('Point'),
  metric: z.string(),
  data: z.object({ value: z.number(), tags: z.record(z.string(), z.string()) }),
})

const vitalOf = new Map<string, Vital>(vitals.map((vital) => [metrics.vital(vital), vital]))
const Outcomes = z.enum(outcomes)

/** Reads what k6 wrote with `--out json`; a file that is not there says nothing. */
export async function readSeen(file: string): Promise<Seen> {
  return seenIn(await readFile(file, 'utf8').catch(() => ''))
}

/** @param lines one JSON object a line; the last one may be cut off where k6 was killed */
export function seenIn(lines: string): Seen {
  const seen: Seen = { visits: [], samples: [], finished: false }
  for (const line of lines.split('\n')) {
    const point = pointIn(line)
    if (point === null) continue
    const { metric, data } = point
    const { value, tags } = data
    if (metric === metrics.finished) seen.finished = true
    const label = readLabel((metric === metrics.visit ? tags.visit : tags.name) ?? '')
    if (label === null) continue
    const vital = vitalOf.get(metric)
    const isClick = label.page.startsWith('click')
    if (metric === metrics.visit) {
      const outcome = Outcomes.parse(tags.outcome)
      seen.visits.push({ ...label, outcome, saw: tags.saw ?? '', within: tags.within === 'true' })
    } else if (metric === metrics.click) seen.samples.push({ ...label, vital: 'LCP', value })
    // The document before the click was visited for its own sake already.
    else if (vital && !(isClick && vital === 'LCP')) seen.samples.push({ ...label, vital, value })
  }
  return seen
}

function pointIn(line: string): z.infer<typeof Point> | null {
  if (!line.includes('"Point"')) return null
  try {
    return Point.parse(JSON.parse(line))
  } catch {
    // Cut off: what it told is missing, and missing is noticed.
    return null
  }
}
