import type { Metadata } from 'next'
import { buttonClass } from '#web/components/ui/button.tsx'
import { publicTexts } from '#web/texts/public.ts'
import { BoardPicture } from './board-picture.tsx'

const { landing } = publicTexts

export const metadata: Metadata = { title: { absolute: landing.title }, description: landing.description }

/** For who is not signed in; the proxy leads the others to their dashboard. */
export default function LandingPage() {
  return (
    <>
      <section className="mx-auto grid max-w-6xl items-center gap-10 px-4 py-14 sm:px-6 lg:grid-cols-2 lg:py-24">
        <div>
          <h1 className="text-4xl leading-tight font-semibold tracking-tight text-balance sm:text-5xl">
            {landing.heading}
          </h1>
          <p className="mt-5 max-w-xl text-lg text-muted">{landing.lead}</p>
          <p className="mt-8 flex flex-wrap gap-3">
            <a href="/sign-up" className={buttonClass()}>
              {landing.start}
            </a>
            <a href="/pricing" className={buttonClass({ look: 'quiet' })}>
              {landing.look}
            </a>
          </p>
        </div>
        <BoardPicture />
      </section>
      <section className="border-t bg-sunken">
        <div className="mx-auto max-w-6xl px-4 py-14 sm:px-6">
          <h2 className="text-2xl font-semibold tracking-tight">{landing.featuresTitle}</h2>
          <ul className="mt-8 grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {landing.features.map(([name, text]) => (
              <li key={name} className="rounded-xl border bg-surface p-5">
                <h3 className="font-semibold">{name}</h3>
                <p className="mt-1.5 text-sm text-muted">{text}</p>
              </li>
            ))}
          </ul>
        </div>
      </section>
    </>
  )
}
