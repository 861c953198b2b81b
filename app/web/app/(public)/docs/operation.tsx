import { publicTexts } from '#web/texts/public.ts'
import type { DocumentedOperation } from './operations.ts'

const { docs } = publicTexts
const cell = 'py-2 pr-3 text-left align-top break-words'

export function Operation({ operation }: { operation: DocumentedOperation }) {
  const { name, method, path, summary, description, fields, answers } = operation
  return (
    <article id={name} className="scroll-mt-4 rounded-xl border bg-surface p-4 sm:p-5">
      <h3 className="font-mono text-sm font-semibold break-all">
        {method} {path}
      </h3>
      <p className="mt-2">{summary}</p>
      <p className="text-sm text-muted">
        {name}. {description}
      </p>
      {fields.length > 0 ? (
        <table className="mt-4 w-full table-fixed text-sm">
          <caption className="text-left font-medium">{docs.parameters}</caption>
          <thead>
            <tr className="border-b text-muted">
              {[docs.columns.name, docs.columns.type, docs.columns.where].map((column) => (
                <th key={column} scope="col" className={`${cell} font-normal`}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={`${field.where} ${field.name}`} className="border-b">
                <th scope="row" className={`${cell} font-mono font-normal`}>
                  {field.name}
                </th>
                <td className={`${cell} font-mono`}>{field.type}</td>
                <td className={`${cell} text-muted`}>
                  {field.where}
                  {field.required ? `, ${docs.required}` : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      <p className="mt-4 text-sm font-medium">{docs.answers}</p>
      <ul className="mt-1 text-sm text-muted">
        {answers.map((answer) => (
          <li key={answer.status} className="break-words">
            {answer.status} {answer.description}
            {answer.type ? <code className="ml-2 break-all">{answer.type}</code> : null}
          </li>
        ))}
      </ul>
      <p className="mt-4 text-sm font-medium">{docs.example}</p>
      <pre className="mt-1 rounded-lg bg-sunken p-3 text-xs break-all whitespace-pre-wrap">
        {curl(operation)}
      </pre>
    </article>
  )
}

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
