'use server'

import { unsubscribe } from '@worklane/domain/digests/unsubscribe.ts'
import { redirect } from 'next/navigation'

/** Ends the mails of a link, for whoever has it; the page then says so. */
export async function unsubscribeHere(form: FormData): Promise<void> {
  const token = String(form.get('token') ?? '')
  await unsubscribe(token)
  redirect(`/unsubscribe/${encodeURIComponent(token)}`)
}
