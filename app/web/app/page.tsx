import { redirect } from 'next/navigation'

/** The proxy sends who is not signed in to the sign-in page before this. */
export default function Home(): never {
  redirect('/dashboard')
}
