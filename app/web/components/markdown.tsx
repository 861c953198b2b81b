import MarkdownIt from 'markdown-it'

/** HTML in the text stays text, and links lead to the web or to mail only: markdown-it's own validation. */
const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true })
const mention = /@\\?\[([^\]\n]{1,120})\]\(([0-9a-f-]{36})\)/g

/** Text that people wrote, as they meant it; rendered on the server, so that a browser gets no code for it. */
export function Markdown({ text }: { text: string }) {
  // A mention is a link to a person in the text, and a name on the page.
  const named = text.replaceAll(mention, '**@$1**')
  return (
    <div
      className="prose-text text-sm leading-relaxed break-words"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: markdown-it escapes what people write
      dangerouslySetInnerHTML={{ __html: markdown.render(named) }}
    />
  )
}
