import { hasMailSink, sunkMail } from '@worklane/domain/mail/sink.ts'

/** Nothing in a mail runs or loads anything; its styles stand in it, as in every mail. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

/** A mail of the sink as programs show it that show HTML. */
export async function GET(_: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params
  const mail = hasMailSink() ? (await sunkMail()).find((each) => each.id === id) : undefined
  if (!mail) return new Response(null, { status: 404 })
  return new Response(mail.html, {
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy },
  })
}
