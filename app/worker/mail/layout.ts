import { Body } from '@react-email/body'
import { Button } from '@react-email/button'
import { Container } from '@react-email/container'
import { Head } from '@react-email/head'
import { Heading } from '@react-email/heading'
import { Hr } from '@react-email/hr'
import { Html } from '@react-email/html'
import { Link } from '@react-email/link'
import { Preview } from '@react-email/preview'
import { Section } from '@react-email/section'
import { Text } from '@react-email/text'
import type { Item, Letter } from '@worklane/domain/mail/templates/letter.ts'
import { createElement, type ReactElement } from 'react'

/**
 * The one layout of all mails: 600 px, as wide as its window where that is less. Without JSX, since Node runs this file
 * as it is (docs/decisions/051). Colours are inline, where every program reads them; programs with a dark mode of their
 * own read the style sheet.
 */
export function mailLayout(letter: Letter): ReactElement {
  const { heading, paragraphs, items = [], action, notes = [], unsubscribe } = letter
  return createElement(
    Html,
    { lang: 'en', dir: 'ltr' },
    createElement(Head, null, ...inHead(letter.subject)),
    createElement(
      Body,
      { className: 'canvas', style: canvas },
      createElement(Preview, null, letter.preheader),
      createElement(
        Container,
        { className: 'card', style: card },
        createElement(Text, { className: 'brand', style: brand }, 'Worklane'),
        createElement(Heading, { as: 'h1', className: 'ink', style: title }, heading),
        ...paragraphs.map((text, n) =>
          createElement(Text, { key: n, className: 'ink', style: paragraph }, text),
        ),
        ...items.map((item) => itemOf(item)),
        createElement(
          Section,
          { style: { padding: '8px 0 0' } },
          createElement(Button, { href: action.link, className: 'button', style: button }, action.label),
        ),
        createElement(Hr, { className: 'line', style: line }),
        ...notes.map((text) => createElement(Text, { key: text, className: 'muted', style: small }, text)),
        unsubscribe &&
          createElement(
            Text,
            { className: 'muted', style: small },
            createElement(
              Link,
              { href: unsubscribe.page, className: 'muted', style: quietLink },
              'Unsubscribe',
            ),
          ),
      ),
    ),
  )
}

const inHead = (subject: string): ReactElement[] => [
  createElement('title', { key: 'title' }, subject),
  createElement('meta', {
    key: 'viewport',
    name: 'viewport',
    content: 'width=device-width, initial-scale=1',
  }),
  createElement('meta', { key: 'scheme', name: 'color-scheme', content: 'light dark' }),
  createElement('meta', { key: 'schemes', name: 'supported-color-schemes', content: 'light dark' }),
  createElement('style', { key: 'style' }, sheet),
]

const itemOf = ({ title, text, link }: Item): ReactElement =>
  createElement(
    Section,
    { key: link + title + text, className: 'item', style: item },
    createElement(
      Text,
      { style: itemTitle },
      createElement(Link, { href: link, className: 'accent', style: itemLink }, title),
    ),
    createElement(Text, { className: 'muted', style: itemText }, text),
  )

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
/** A long word, such as a link, ends no line outside of the mail. */
const breaking = { overflowWrap: 'anywhere', wordBreak: 'break-word' } as const

const canvas = { backgroundColor: '#f4f5f8', fontFamily: font, margin: 0, padding: '24px 12px' }
const card = {
  backgroundColor: '#ffffff',
  border: '1px solid #dfe2e9',
  borderRadius: '12px',
  maxWidth: '600px',
  padding: '28px 24px',
}
const brand = { color: '#4338ca', fontSize: '15px', fontWeight: 700, lineHeight: '20px', margin: '0 0 20px' }
const title = {
  ...breaking,
  color: '#1b1e28',
  fontSize: '22px',
  fontWeight: 650,
  lineHeight: '30px',
  margin: '0 0 12px',
}
const paragraph = { ...breaking, color: '#1b1e28', fontSize: '16px', lineHeight: '25px', margin: '0 0 14px' }
const item = { borderLeft: '3px solid #dfe2e9', margin: '0 0 14px', padding: '0 0 0 12px' }
const itemTitle = { ...breaking, fontSize: '15px', lineHeight: '22px', margin: 0 }
const itemLink = { color: '#4338ca', fontWeight: 600, textDecoration: 'underline' }
const itemText = { ...breaking, color: '#565c6b', fontSize: '14px', lineHeight: '21px', margin: '2px 0 0' }
const button = {
  backgroundColor: '#4f46e5',
  borderRadius: '8px',
  color: '#ffffff',
  fontSize: '16px',
  fontWeight: 600,
  lineHeight: '20px',
  padding: '12px 20px',
}
const line = { borderColor: '#dfe2e9', margin: '28px 0 16px' }
const small = { ...breaking, color: '#565c6b', fontSize: '13px', lineHeight: '20px', margin: '0 0 6px' }
const quietLink = { color: '#565c6b', textDecoration: 'underline' }

const sheet = `
@media (prefers-color-scheme: dark) {
  .canvas, .canvas > table > tbody > tr > td { background-color: #14161d !important; }
  .card { background-color: #1d2029 !important; border-color: #343946 !important; }
  .ink { color: #eceef4 !important; }
  .muted { color: #a9afbd !important; }
  .brand, .accent { color: #b7b5ff !important; }
  .item, .line { border-color: #343946 !important; }
}
@media (max-width: 400px) {
  .card > tbody > tr > td { padding: 0 !important; }
}
`
