import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathPattern } from '../lib/path-pattern.ts'

/** What a page's prerendered part brings along, and so what its content security policy has to let through. */
export type Shell = {
  /** Of a whole path. */
  pattern: string
  /** Sources for script-src: 'sha256-…' of each script that stands in the prerendered HTML. */
  hashes: string[]
  /** Whether more of the page is rendered for each request; those scripts carry the request's nonce. */
  streams: boolean
}

/** Beside Next's own manifests, in `.next`. */
const fileName = 'inline-scripts.json'

/**
 * Reads what `next build` prerendered, and writes down the scripts of each page. To be run after each build:
 * without it no page could have a policy that refuses scripts of strangers.
 *
 * @param next the build's `.next` directory
 * @returns how many pages there are
 */
export async function writeInlineScripts(next: string): Promise<number> {
  const app = join(next, 'server/app')
  const pages = (await readdir(app, { recursive: true })).filter((file) => file.endsWith('.html')).sort()
  const shells = await Promise.all(
    pages.map(async (file): Promise<Shell> => {
      const page = file.slice(0, -'.html'.length)
      const meta = await readFile(join(app, `${page}.meta`), 'utf8')
      return {
        pattern: pathPattern(page === 'index' ? '/' : `/${page}`),
        hashes: hashesOf(await readFile(join(app, file), 'utf8')),
        streams: 'postponed' in JSON.parse(meta),
      }
    }),
  )
  await writeFile(join(next, fileName), `${JSON.stringify(shells, null, 1)}\n`)
  return shells.length
}

/** @throws Error when `next build` was not followed by `writeInlineScripts` */
export function readInlineScripts(next: string): Shell[] {
  try {
    return JSON.parse(readFileSync(join(next, fileName), 'utf8'))
  } catch (error) {
    throw new Error(
      `there is no ${fileName} in the build: build with \`pnpm --filter @worklane/web build\``,
      {
        cause: error,
      },
    )
  }
}

/** The page that answers a path, or the one that says that there is none. */
export function shellOf(shells: Shell[], path: string): Shell | undefined {
  const find = (wanted: string) => shells.find(({ pattern }) => new RegExp(pattern).test(wanted))
  return find(path) ?? find('/_not-found')
}

/** Scripts that are written out in the HTML, as sources of a content security policy. */
export function hashesOf(html: string): string[] {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)]
  return [...new Set(inline.map(([, text = '']) => `'sha256-${sha256(text)}'`))]
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64')
