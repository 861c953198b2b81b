import { hasMailSink, sunkMail } from '@worklane/domain/mail/mail.ts'
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
        <li key={mail.at + mail.to} className="px-4 py-3 text-sm">
          <p className="font-semibold">{mail.subject}</p>
          <p className="text-muted">
            to {mail.to}, {mail.at}
          </p>
          <p className="mt-2 whitespace-pre-line">{mail.text}</p>
          <a href={mail.link} className="mt-1 inline-block text-accent-text hover:underline">
            Open the link
          </a>
        </li>
      ))}
    </ul>
  )
}
