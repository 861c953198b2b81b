import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { Cents } from '../core/objects/base.ts'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

/** A page that works without scripts: labels on fields, errors that are read out, a width for phones. */
export const page = (title: string, content: Html): Html => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} – Payments sandbox</title>
    <style>
      :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
      body { margin: 0 auto; max-width: 32rem; padding: 1.5rem 1rem; }
      h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
      label { display: block; font-weight: 600; margin-top: 0.75rem; }
      input { box-sizing: border-box; font: inherit; padding: 0.5rem; width: 100%; }
      button { font: inherit; margin-top: 1rem; min-height: 44px; padding: 0.5rem 1rem; }
      table { border-collapse: collapse; width: 100%; } td, th { padding: 0.25rem 0; text-align: left; }
      td:last-child, th:last-child { text-align: right; }
      [role='alert'] { border-left: 4px solid #c00; margin: 1rem 0; padding: 0.25rem 0.75rem; }
      footer { font-size: 0.875rem; margin-top: 3rem; }
      .two { display: grid; gap: 0 1rem; grid-template-columns: 1fr 1fr; }
    </style>
  </head>
  <body>
    <main>${content}</main>
    <footer>Payments sandbox: no money moves here. Test cards only, for example 4242 4242 4242 4242.</footer>
  </body>
</html>`

export const alert = (message: string | undefined): Html =>
  message === undefined ? html`` : html`<p role="alert">${message}</p>`

export const cardFields = (): Html => html`
  <label for="number">Card number</label>
  <input id="number" name="number" inputmode="numeric" autocomplete="cc-number" required />
  <div class="two">
    <div>
      <label for="expiry">Expiry (MM / YY)</label>
      <input id="expiry" name="expiry" autocomplete="cc-exp" placeholder="12 / 34" required />
    </div>
    <div>
      <label for="cvc">Security code</label>
      <input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" required />
    </div>
  </div>`

/** The card of a form; what is not a number is one that no card has. */
export function cardOf(form: Record<string, unknown>): {
  number: string
  exp_month: number
  exp_year: number
  cvc: string
} {
  const [month = '', year = ''] = String(form.expiry ?? '').split('/')
  return {
    number: String(form.number ?? ''),
    exp_month: Number.parseInt(month, 10) || 0,
    exp_year: Number.parseInt(year, 10) || 0,
    cvc: String(form.cvc ?? '').trim(),
  }
}

export const money = (amount: Cents | null, currency: string | null): string =>
  new Intl.NumberFormat('en', { style: 'currency', currency: currency ?? 'usd' }).format((amount ?? 0) / 100)

export const dateOf = (seconds: number): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(seconds * 1000)
