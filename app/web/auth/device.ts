import 'server-only'
import { accounts } from '@worklane/domain/sessions/accounts.ts'
import type { Caller } from '@worklane/domain/sessions/attempts.ts'
import { cookieOf } from '@worklane/domain/sessions/cookie.ts'
import type { Device } from '@worklane/domain/sessions/sessions.ts'
import { cookies, headers } from 'next/headers'
import { deviceIn, withDevice } from './known-devices.ts'
import { cookieOptions } from './session-cookie.ts'

const devicesCookie = cookieOptions.secure ? '__Secure-worklane.devices' : 'worklane.devices'
/** As long as browsers keep a cookie at most (RFC 6265bis): begun anew at each sign-in. */
const keptSeconds = 400 * 86_400

/** The browser that asks, as far as it and the edge say. */
export async function device(): Promise<Device> {
  const sent = await headers()
  const [ip = ''] = (sent.get('x-forwarded-for') ?? '').split(',')
  return { userAgent: sent.get('user-agent') ?? '', ip: ip.trim() }
}

/** The same for who is not signed in: its address, and the accounts that know it. */
export async function caller(): Promise<Caller> {
  const known = await keptDevices()
  return { address: (await device()).ip, deviceOf: (user) => deviceIn(known, user, secret()) }
}

/** Makes the account know this browser from now on. */
export async function keepDevice(userId: string): Promise<void> {
  const [jar, user] = [await cookies(), await accounts.byId(userId)]
  if (!user) return
  jar.set(devicesCookie, withDevice(await keptDevices(), user, secret()), {
    ...cookieOptions,
    maxAge: keptSeconds,
  })
}

const keptDevices = async () => cookieOf((await headers()).get('cookie'), devicesCookie)

function secret(): string {
  const { AUTH_SECRET } = process.env
  if (!AUTH_SECRET) throw new Error('AUTH_SECRET is not set: nothing can be signed')
  return AUTH_SECRET
}
