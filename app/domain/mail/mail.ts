import { z } from 'zod'
import type { Letter } from './templates/letter.ts'
import { templates } from './templates/templates.ts'

export const mailTopic = 'mail'

type Templates = typeof templates
export type TemplateName = keyof Templates
type DataOf<Name extends TemplateName> = z.input<Templates[Name]['data']>

/** A mail as the outbox holds it: what it is about, not what it says. */
export type Mail<Name extends TemplateName = TemplateName> = {
  [Each in Name]: { to: string; template: Each; data: DataOf<Each> }
}[Name]

const Templated = z.object({
  to: z.email(),
  template: z.enum(Object.keys(templates) as [TemplateName, ...TemplateName[]]),
  data: z.unknown(),
})

/** As versions before templates wrote it: such rows may wait still while a deployment is brought up to date. */
const Earlier = z
  .object({ to: z.email(), subject: z.string(), text: z.string(), link: z.string() })
  .transform(({ to, ...data }) => ({ to, template: 'notice' as const, data }))

const Written = z.union([Templated, Earlier])

/**
 * Reads a payload of the outbox.
 * @throws ZodError that names the field, and holds nothing of the mail
 */
export function letterOf(payload: unknown): { to: string; letter: Letter } {
  const { to, template, data } = Written.parse(payload)
  const { data: shape, letter } = templates[template]
  return { to, letter: letter(shape.parse(data) as never) }
}
