import { subscriptionOf } from '@worklane/domain/digests/unsubscribe.ts'
import type { Metadata } from 'next'
import Link from 'next/link'
import { Suspense } from 'react'
import { AccountShell } from '#web/components/account-shell.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { account } from '#web/texts/account.ts'
import { unsubscribeHere } from './actions.ts'

const { unsubscribe: texts } = account

export const metadata: Metadata = { title: texts.title, referrer: 'no-referrer', robots: { index: false } }

type Props = { params: Promise<{ token: string }> }

/** Where the link of a mail leads. Mail servers open what they deliver: only a press of the button ends anything. */
export default function UnsubscribePage(props: Props) {
  return (
    <Suspense>
      <Unsubscribe {...props} />
    </Suspense>
  )
}

async function Unsubscribe({ params }: Props) {
  const { token } = await params
  const subscription = await subscriptionOf(token)
  if (!subscription) {
    return (
      <AccountShell title={texts.goneTitle} text={texts.goneText}>
        <Link href="/" prefetch={false} className={buttonClass({ look: 'quiet' })}>
          {texts.home}
        </Link>
      </AccountShell>
    )
  }
  const { organisation, every } = subscription
  if (every === 'off') {
    return (
      <AccountShell title={texts.doneTitle} text={texts.doneText(organisation)}>
        <Link href="/settings/notifications" prefetch={false} className={buttonClass({ look: 'quiet' })}>
          {texts.settings}
        </Link>
      </AccountShell>
    )
  }
  return (
    <AccountShell title={texts.title} text={texts.text(organisation)}>
      <form action={unsubscribeHere}>
        <input type="hidden" name="token" value={token} />
        <Button type="submit">{texts.submit}</Button>
      </form>
    </AccountShell>
  )
}
