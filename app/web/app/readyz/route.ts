import { isReady } from '@worklane/domain/runtime.ts'
import { connection } from 'next/server'

export async function GET(): Promise<Response> {
  await connection()
  return (await isReady()) ? new Response('ok') : new Response('not ready', { status: 503 })
}
