const secure = process.env.ORIGIN?.startsWith('https:') ?? false

/** As the auth library names it, and as it sets it. */
export const sessionCookie = secure ? '__Secure-authjs.session-token' : 'authjs.session-token'
export const cookieOptions = { httpOnly: true, sameSite: 'lax', path: '/', secure } as const
