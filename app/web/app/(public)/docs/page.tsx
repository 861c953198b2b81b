import type { Metadata } from 'next'
import { publicTexts } from '#web/texts/public.ts'
import { Operation } from './operation.tsx'
import { documentedOperations } from './operations.ts'

const { docs } = publicTexts
const link = 'text-accent-text underline'

export const metadata: Metadata = { title: docs.title, description: docs.description }

/** Made when the app is built, from the same operations that answer. */
export default function DocsPage() {
  const capabilities = [...documentedOperations()]
  return (
    <div className="mx-auto max-w-4xl px-4 py-12 sm:px-6">
      <h1 className="text-3xl font-semibold tracking-tight">{docs.title}</h1>
      <p className="mt-3 text-muted">
        {docs.lead}{' '}
        <a href="/openapi.json" className={link}>
          /openapi.json
        </a>
        .
      </p>
      <nav aria-label={docs.contents} className="mt-6">
        <ul className="flex flex-wrap gap-x-4 gap-y-2 text-sm">
          {docs.topics.map(([id, title]) => (
            <li key={id}>
              <a href={`#${id}`} className={link}>
                {title}
              </a>
            </li>
          ))}
          {capabilities.map(([capability]) => (
            <li key={capability}>
              <a href={`#${capability}`} className={link}>
                {capability}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {docs.topics.map(([id, title, text]) => (
        <section key={id} id={id} className="mt-8 scroll-mt-4">
          <h2 className="text-xl font-semibold">{title}</h2>
          <p className="mt-2 text-muted">{text}</p>
        </section>
      ))}
      {capabilities.map(([capability, operations]) => (
        <section key={capability} id={capability} className="mt-12 scroll-mt-4">
          <h2 className="mb-4 text-xl font-semibold">{capability}</h2>
          <div className="flex flex-col gap-4">
            {operations.map((operation) => (
              <Operation key={operation.name} operation={operation} />
            ))}
          </div>
        </section>
      ))}
    </div>
  )
}
