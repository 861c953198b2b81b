import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

type Described = {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}
/** An OpenAPI document, as far as answers are judged by it. */
export type Document = { paths: Record<string, Record<string, Described>>; components: object }

/** @returns what is wrong with an answer, or null */
export type Judge = (operation: string, status: number, type: string, body: string) => string | null

/** Whether an answer is one that the document promises; else what is wrong with it. */
export function judgeBy(openApi: Document): Judge {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'api', components: openApi.components })
  const operations = new Map(
    Object.values(openApi.paths).flatMap((path) =>
      Object.values(path).map((each) => [each.operationId, each] as const),
    ),
  )
  const validators = new Map<object, ValidateFunction>()
  const validatorOf = (schema: object) => {
    let validate = validators.get(schema)
    if (!validate) {
      validate = ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components')),
      )
      validators.set(schema, validate)
    }
    return validate
  }
  return (name, status, type, body) => {
    if (status >= 500) return `answered ${status}`
    const answer = operations.get(name)?.responses[status]
    if (!answer) return `answered ${status}, which the document does not name`
    if (status === 304) return null
    const schema = answer.content?.[type.split(';')[0] as string]?.schema
    if (!schema) return `answered ${status} as ${type}, which the document does not name`
    const validate = validatorOf(schema)
    return validate(JSON.parse(body)) ? null : `broke its schema: ${ajv.errorsText(validate.errors)}`
  }
}
