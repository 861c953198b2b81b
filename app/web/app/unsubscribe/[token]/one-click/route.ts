import { unsubscribe } from '@worklane/domain/digests/unsubscribe.ts'

type Context = { params: Promise<{ token: string }> }

/** A mail program's own button (RFC 8058): a POST without a cookie, which leads nowhere else. */
export async function POST(_: Request, { params }: Context): Promise<Response> {
  const { token } = await params
  return new Response(null, { status: (await unsubscribe(token)) ? 200 : 404 })
}

/** One that knows nothing of it opens the address instead: a look ends nothing. */
export async function GET(request: Request, { params }: Context): Promise<Response> {
  const { token } = await params
  const page = new URL(`/unsubscribe/${encodeURIComponent(token)}`, process.env.ORIGIN ?? request.url)
  return Response.redirect(page, 303)
}
