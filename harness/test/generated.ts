import { generateClient } from '@worklane/data/generate.ts'

/** Tests of pure code read the domain too, whose types and client are made from the Prisma schema. */
export const setup = generateClient
