import { Ajv } from 'ajv'
import { parse } from 'yaml'

type Schema = {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
}

/**
 * What an API server with a CustomResourceDefinition says of a resource, with fields that it does not know refused:
 * `kubectl apply` refuses them too (strict field validation), and a server alone would drop them without a word.
 * @returns one line for each thing that is wrong
 */
export function validatorOf(definition: string): (resource: unknown) => string[] {
  const { spec } = parse(definition) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] }
  }
  const schema = spec.versions[0]?.schema.openAPIV3Schema
  if (!schema) throw new Error('the definition has no schema')
  const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false })
  const validate = ajv.compile(closed(schema))
  return (resource) =>
    validate(resource)
      ? []
      : (validate.errors ?? [])
          .map(
            ({ instancePath, message, params }) =>
              `${instancePath} ${message} (${params.additionalProperty ?? ''})`,
          )
          .sort()
}

/** The same schema, which knows all fields that there may be. */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties !== undefined
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, closed(of)])),
      ...(isOpen ? {} : { additionalProperties: false }),
    }),
    ...(items && { items: closed(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: closed(additionalProperties) }),
  }
}
