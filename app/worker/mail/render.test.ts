import { letterOf } from '@worklane/domain/mail/mail.ts'
import type { Letter } from '@worklane/domain/mail/templates/letter.ts'
import { templates } from '@worklane/domain/mail/templates/templates.ts'
import { describe, expect, it } from 'vitest'
import { type Rendered, renderLetter } from './render.ts'
import { sampleMails } from './testing/samples.ts'

/** What a mail must have in its text, and must not have in its HTML. */
function faultsOf(letter: Letter, { html, text, subject }: Rendered): string[] {
  const links = [letter.action.link, ...(letter.items ?? []).map(({ link }) => link)]
  if (letter.unsubscribe) links.push(letter.unsubscribe.page)
  return [
    ...links.filter((link) => !text.includes(link)).map((link) => `the text lacks ${link}`),
    ...[letter.heading, ...letter.paragraphs]
      .filter((said) => !text.toLowerCase().includes(said.toLowerCase()))
      .map((said) => `the text lacks “${said}”`),
    ...(/<img|<script|<link|url\(|src=|@import|\son[a-z]+=/i.exec(html) ?? []).map(
      (found) => `the HTML has ${found}`,
    ),
    ...(/[\r\n]/.test(subject) ? ['the subject has several lines'] : []),
  ]
}

describe('a mail', () => {
  it('has a sample of each template', () => {
    expect(new Set(sampleMails.map(({ payload }) => payload.template))).toEqual(
      new Set(Object.keys(templates)),
    )
  })

  it.each(sampleMails)(
    'says in its text all that it says in HTML, and loads nothing: $name',
    async ({ payload }) => {
      const { letter } = letterOf(payload)
      const rendered = await renderLetter(letter)
      expect(faultsOf(letter, rendered)).toEqual([])
      expect(rendered.html).toContain(`<div style="display:none`)
      // What stands beside the subject in a list is no part of what is read.
      expect(rendered.text.startsWith('Worklane')).toBe(true)
    },
  )

  it('is found out where its text lacks the link, or its HTML loads a picture', async () => {
    const { letter } = letterOf(sampleMails[0]?.payload)
    const rendered = await renderLetter(letter)
    const wrong = {
      ...rendered,
      text: 'Sign in.',
      html: `${rendered.html}<img src="https://tracker.test/1">`,
    }
    expect(faultsOf(letter, wrong)).toEqual([
      `the text lacks ${letter.action.link}`,
      expect.stringMatching(/^the text lacks “/),
      expect.stringMatching(/^the text lacks “/),
      'the HTML has <img',
    ])
  })

  it('shows names as they are, whatever marks they have', async () => {
    const named = sampleMails.find(({ name }) => name === 'invitation, names with marks')
    const { html, text } = await renderLetter(letterOf(named?.payload).letter)
    expect(html).toContain('Analytical Engines &amp; Söhne GmbH &lt;London&gt;')
    expect(html).not.toContain('<London>')
    expect(text).toContain(
      'Ada "Countess" Lovelace invites you to work in Analytical Engines & Söhne GmbH <London>',
    )
  })

  it('keeps its subject in one line', async () => {
    const payload = {
      to: 'ada@example.test',
      template: 'notice',
      data: { subject: 'A\r\nBcc: all@example.test\nB', text: 'C', link: 'https://worklane.test/' },
    }
    const { subject } = await renderLetter(letterOf(payload).letter)
    expect(subject).toBe('A Bcc: all@example.test B')
  })

  it('that invites has no text in its subject that somebody chose', async () => {
    const data = {
      inviter: 'Your bank',
      organisation: 'Sign in at evil.example',
      role: 'viewer',
      goodForDays: 7,
    }
    const payload = {
      to: 'ada@example.test',
      template: 'invitation',
      data: { ...data, link: 'https://worklane.test/' },
    }
    const { letter } = letterOf(payload)
    expect(letter.subject).toBe('You are invited to an organisation on Worklane')
    expect(letter.preheader).toBe('You can join it as viewer.')
  })

  it('is read as an earlier version wrote it', async () => {
    const earlier = {
      to: 'ada@example.test',
      subject: 'A payment for Atlas failed',
      text: 'We could not charge it.',
      link: 'http://worklane.test/settings/billing',
      isNoted: true,
    }
    const { to, letter } = letterOf(earlier)
    expect(to).toBe('ada@example.test')
    expect(letter).toMatchObject({
      subject: earlier.subject,
      paragraphs: [earlier.text],
      action: { link: earlier.link },
    })
  })

  it.each([
    [{ template: 'invitation', data: {} }, /"to"/],
    [{ to: 'ada@example.test', template: 'invitation', data: { role: 'viewer' } }, /"organisation"/],
    [{ to: 'ada@example.test', template: 'nonesuch', data: {} }, /"template"/],
    [{ to: 'ada@example.test', template: 'sign-in-link', data: { link: 'javascript:alert(1)' } }, /"link"/],
  ])('is refused by the name of the field that is wrong: %o', (payload, field) => {
    expect(() => letterOf(payload)).toThrow(field)
  })

  it('of a payment counts days where the organisation is', () => {
    const cause = {
      kind: 'payment failed',
      invoice: { number: 'WL-1', total: 800, currency: 'eur', next_attempt_at: '2026-03-03T12:00:00.000Z' },
      attempt: 1,
      readOnlyAt: '2026-03-14T12:00:00.000Z',
    }
    const data = {
      cause,
      organisation: { name: 'Atlas', timeZone: 'Pacific/Auckland' },
      link: 'http://w.test/',
    }
    const { letter } = letterOf({ to: 'ada@example.test', template: 'billing', data })
    expect(letter.subject).toBe('A payment for Atlas failed')
    expect(letter.paragraphs.join(' ')).toBe(
      'We could not charge the invoice WL-1 of €8. This was try 1. The next try is on 4 March 2026. Choose another way of payment under Billing. From 15 March 2026 on Atlas can only be read until the invoice is paid.',
    )
  })
})
