import { hasMailSink, type SunkMail, sunkMail } from '@worklane/domain/mail/sink.ts'
import { notFound } from 'next/navigation'
import { connection } from 'next/server'
import { Suspense } from 'react'

/** Where mail ends up in development; there is no such page in production. */
export default function MailPage() {
  return (
    <main className="mx-auto max-w-2xl px-6 py-10">
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">Mail</h1>
      <Suspense>
        <MailList />
      </Suspense>
    </main>
  )
}

async function MailList() {
  await connection()
  if (!hasMailSink()) notFound()
  const mails = await sunkMail()
  if (mails.length === 0) return <p className="text-muted">Nothing was sent yet.</p>
  return (
    <ul className="divide-y rounded-xl border bg-surface">
      {mails.map((mail) => (
        <li key={mail.id} className="px-4 py-3 text-sm">
          <Mail mail={mail} />
        </li>
      ))}
    </ul>
  )
}

function Mail({ mail: { id, to, subject, text, link, at } }: { mail: SunkMail }) {
  return (
    <>
      <p className="font-semibold">{subject}</p>
      <p className="text-muted">
        to {to}, {at}
      </p>
      <p className="mt-1">
        <a href={link} className="text-accent-text hover:underline">
          Open the link
        </a>
      </p>
      <details className="mt-2">
        <summary className="cursor-pointer text-muted">As HTML</summary>
        <iframe
          title={`${subject}, as HTML`}
          src={`/dev/mail/${id}`}
          sandbox=""
          loading="lazy"
          className="mt-2 h-[36rem] w-full rounded-lg border"
        />
      </details>
      <details className="mt-2">
        <summary className="cursor-pointer text-muted">As text</summary>
        <pre className="mt-2 rounded-lg bg-sunken p-3 text-xs wrap-anywhere whitespace-pre-wrap">{text}</pre>
      </details>
    </>
  )
}
