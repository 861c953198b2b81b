import { UsageError } from '../plan/usage.ts'

/**
 * Fills in variables as Compose does: `${NAME}`, `${NAME:-else}`, `${NAME:?what to do}`, and `$$` for a dollar. Values
 * may hold variables themselves.
 * @throws UsageError where one that has to be there is not
 */
export function interpolated(text: string, values: Record<string, string | undefined>): string {
  return text.replaceAll(
    /\$\$|\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g,
    (found, name?: string, operator?: string, rest = '') => {
      if (found === '$$' || name === undefined) return '$'
      const value = values[name]
      if (value !== undefined && value !== '') return interpolated(value, values)
      if (operator === '?') throw new UsageError(`${name} is not set`, rest)
      return operator === '-' ? rest : ''
    },
  )
}
