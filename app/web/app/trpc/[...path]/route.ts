import { answerApi } from '#web/lib/api-handler.ts'

export const GET = answerApi
export const POST = answerApi
export const PATCH = answerApi
export const DELETE = answerApi
