import { Markdown } from '#web/components/markdown.tsx'
import { publicTexts } from '#web/texts/public.ts'
import type { DocumentedOperation } from './operations.ts'

const { docs } = publicTexts

/**
 * Of Markdown, as one block of HTML: as elements of React the reference's 2,600 elements are sent twice, and a
 * phone is busy with taking them over (docs/decisions/024).
 */
export function Operation({ operation }: { operation: DocumentedOperation }) {
  return (
    <article
      id={operation.name}
      className="reference drawn-when-near-144 scroll-mt-4 rounded-xl border bg-surface p-4 sm:p-5"
    >
      <Markdown text={textOf(operation)} />
    </article>
  )
}

function textOf(operation: DocumentedOperation): string {
  const { name, method, path, summary, description, fields, answers } = operation
  const { columns } = docs
  return [
    `### ${code(`${method} ${path}`)}`,
    summary,
    `*${name}.* ${description}`,
    ...(fields.length === 0
      ? []
      : [
          `#### ${docs.parameters}`,
          [
            row([columns.name, columns.type, columns.where]),
            row(['---', '---', '---']),
            ...fields.map((field) =>
              row([
                code(field.name),
                code(field.type),
                field.required ? `${field.where}, ${docs.required}` : field.where,
              ]),
            ),
          ].join('\n'),
        ]),
    `#### ${docs.answers}`,
    answers
      .map(({ status, description, type }) => `- ${status} ${description} ${type ? code(type) : ''}`)
      .join('\n'),
    `#### ${docs.example}`,
    `\`\`\`sh\n${curl(operation)}\n\`\`\``,
  ].join('\n\n')
}

const code = (text: string) => `\`${text}\``
const row = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

/** Good for a shell once WORKLANE is the origin and KEY an API key; `{…}` stands for what the reader knows. */
function curl({ method, path, fields }: DocumentedOperation): string {
  const body = fields.filter(({ where, required }) => where === 'body' && required)
  const lines = [`curl -X ${method} "$WORKLANE${path}"`, '-H "Authorization: Bearer $KEY"']
  if (method !== 'GET') lines.push('-H "Idempotency-Key: $(uuidgen)"')
  if (fields.some(({ where }) => where === 'body')) {
    const sent = Object.fromEntries(body.map(({ name, type }) => [name, `{${type}}`]))
    lines.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(sent)}'`)
  }
  return lines.join(' \\\n  ')
}
