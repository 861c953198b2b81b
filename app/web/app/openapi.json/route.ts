import { answerApi } from '#web/lib/api-handler.ts'

export const GET = answerApi
