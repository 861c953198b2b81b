import { render, toPlainText } from '@react-email/render'
import type { Letter } from '@worklane/domain/mail/templates/letter.ts'
import { mailLayout } from './layout.ts'

export type Rendered = { subject: string; html: string; text: string }

/** A mail as HTML and as text, the one made from the other. */
export async function renderLetter(letter: Letter): Promise<Rendered> {
  const html = await render(mailLayout(letter))
  return { subject: oneLine(letter.subject), html, text: toPlainText(html, { wordwrap: false }) }
}

/** Names stand in it, and a header ends with its line. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
