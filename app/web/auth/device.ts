import 'server-only'
import type { Device } from '@worklane/domain/sessions/sessions.ts'
import { headers } from 'next/headers'

/** The browser that asks, as far as it and the edge say. */
export async function device(): Promise<Device> {
  const sent = await headers()
  const [ip = ''] = (sent.get('x-forwarded-for') ?? '').split(',')
  return { userAgent: sent.get('user-agent') ?? '', ip: ip.trim() }
}
