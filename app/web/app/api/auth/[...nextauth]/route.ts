import { handlers } from '@/auth/config.ts'

export const { GET, POST } = handlers
