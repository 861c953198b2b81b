import { addressProof } from './address-proof.ts'
import { billing } from './billing.ts'
import { digest } from './digest.ts'
import { invitation } from './invitation.ts'
import { notice } from './notice.ts'
import { signInLink } from './sign-in-link.ts'

/** Every mail that Worklane sends, by the name that a row of the outbox calls it by: a name is never changed. */
export const templates = {
  'sign-in-link': signInLink,
  'address-proof': addressProof,
  invitation,
  billing,
  digest,
  notice,
} as const
