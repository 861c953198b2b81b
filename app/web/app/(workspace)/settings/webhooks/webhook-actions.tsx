'use client'

import type { Webhook } from '@worklane/domain/webhooks/shapes.ts'
import { useState } from 'react'
import { useAct } from '#web/components/settings/act.ts'
import { Confirmed } from '#web/components/settings/confirmed.tsx'
import { Said } from '#web/components/settings/said.tsx'
import { ShownOnce } from '#web/components/settings/shown-once.tsx'
import { Button } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'

const { webhooks: texts } = settings

/** What can be done with an endpoint, and what came of it. */
export function Actions({
  webhook: { id, url, enabled },
}: {
  webhook: Pick<Webhook, 'id' | 'url' | 'enabled'>
}) {
  const { act, said, isPending } = useAct()
  const [secret, setSecret] = useState<string | null>(null)
  const webhookId = id
  const turn = () =>
    act(
      (api) => api.webhook.update.mutate({ webhookId, enabled: !enabled }),
      enabled ? texts.disabled : texts.enabled,
    )
  return (
    <>
      {enabled ? (
        <Button
          look="quiet"
          disabled={isPending}
          onClick={() => act((api) => api.webhook.test.mutate({ webhookId }), texts.tested)}
        >
          {texts.test}
        </Button>
      ) : null}
      <Button look={enabled ? 'quiet' : 'solid'} disabled={isPending} onClick={turn}>
        {enabled ? texts.disable : texts.enable}
      </Button>
      <Confirmed
        name={texts.rotate}
        text={texts.rotateText}
        looks={{ open: 'quiet', confirm: 'solid' }}
        run={() => async (api) => setSecret((await api.webhook.rotateSecret.mutate({ webhookId })).secret)}
      />
      <Confirmed
        name={texts.remove(url)}
        text={texts.removeText(url)}
        small={texts.removeShort}
        run={() => (api) => api.webhook.remove.mutate({ webhookId })}
      />
      <div className="basis-full empty:hidden">
        {said ? <Said said={said} /> : null}
        {secret ? <ShownOnce key={secret} secret={secret} text={texts.shown} /> : null}
      </div>
    </>
  )
}
