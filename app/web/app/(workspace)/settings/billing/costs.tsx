import { amountOf } from '@worklane/domain/billing/amounts.ts'
import type { Preview } from '@worklane/domain/billing/preview.ts'
import { money } from '#web/lib/money.ts'
import { billing } from '#web/texts/billing.ts'

const texts = billing.preview
type Money = Preview['today']['due']
const shown = ({ amount, currency }: Money) => money(amount, currency).replace('-', '−')

/** What is paid today, line by line, and what comes next. */
export function Costs({ preview, day }: { preview: Preview; day: (at: string) => string }) {
  const { today, next, seats, beyond, isTrial, takesEffect, at } = preview
  const isCharged = takesEffect === 'now' && !isTrial
  return (
    <div className="text-sm">
      {beyond.map(({ of, used, limit }) => (
        <p key={of} className="mb-3 rounded-lg bg-warn-soft px-3 py-2 text-warn">
          {texts.beyond[of](amountOf(of, used), amountOf(of, limit))}
        </p>
      ))}
      {isCharged ? <Today today={today} /> : null}
      {isTrial ? <p>{texts.trial(day(next.at))}</p> : null}
      {takesEffect === 'periodEnd' && at !== null ? <p>{texts.atEnd(day(at))}</p> : null}
      <p className="mt-4 flex flex-wrap items-baseline justify-between gap-x-4 border-t pt-3 text-muted">
        <span>
          {texts.next(day(next.at))}, {texts.seats(seats)}
        </span>
        <span className="tabular-nums">{shown(next.due)}</span>
      </p>
    </div>
  )
}

function Today({ today: { lines, discount, tax, total, due } }: Pick<Preview, 'today'>) {
  const { currency } = due
  const credit = total.amount - due.amount
  const rows: [text: string, amount: Money][] = [
    ...lines.map(({ text, amount }): [string, Money] => [text, amount]),
    ...(discount.amount === 0
      ? []
      : [[texts.discount, { amount: -discount.amount, currency }] as [string, Money]]),
    ...(tax.amount === 0 ? [] : [[texts.tax, tax] as [string, Money]]),
    ...(credit === 0
      ? []
      : [[credit > 0 ? texts.credit : texts.toCredit, { amount: -credit, currency }] as [string, Money]]),
  ]
  return (
    <table className="w-full">
      <tbody>
        {rows.map(([text, amount]) => (
          <tr key={`${text} ${amount.amount}`} className="align-baseline">
            <th scope="row" className="py-1 pr-4 text-left font-normal text-muted">
              {text}
            </th>
            <td className="py-1 text-right whitespace-nowrap tabular-nums">{shown(amount)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr className="border-t text-base font-semibold">
          <th scope="row" className="pt-2.5 pr-4 text-left">
            {texts.today}
          </th>
          <td className="pt-2.5 text-right whitespace-nowrap tabular-nums">{shown(due)}</td>
        </tr>
      </tfoot>
    </table>
  )
}
