import { writeInlineScripts } from './inline-scripts.ts'

/** `node write-inline-scripts.ts <.next>`, after `next build`. */
const [, , next] = process.argv
if (next === undefined) {
  console.error('Which build? Give its .next directory.')
  process.exit(64)
}
const pages = await writeInlineScripts(next)
if (pages === 0) {
  console.error(`${next} holds no prerendered page: run \`next build\` first.`)
  process.exit(1)
}
