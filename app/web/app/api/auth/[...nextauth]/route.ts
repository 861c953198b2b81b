import { handleAuth } from '#web/auth/config.ts'

export const GET = handleAuth
export const POST = handleAuth
