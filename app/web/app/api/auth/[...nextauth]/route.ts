import { handlers } from '#web/auth/config.ts'

export const { GET, POST } = handlers
