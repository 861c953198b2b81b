import http from 'k6/http'
import { type Lack, lackable } from '../wire/lacks.ts'
import type { Run } from './options.ts'

/**
 * What the target is without, as the collector has found out; nothing where k6 runs alone.
 * @throws Error, which ends the run, when the collector does not say
 */
export function lacksTold({ collector }: Pick<Run, 'collector'>): Lack[] {
  if (collector === '') return []
  const { status, body } = http.get(`${collector}lacks`, {
    responseType: 'text',
    tags: { name: 'collector' },
  })
  if (status !== 200) throw new Error(`the collector does not say what the target is without (${status})`)
  const told: unknown = JSON.parse(String(body))
  return lackable.filter((lack) => Array.isArray(told) && told.includes(lack))
}
