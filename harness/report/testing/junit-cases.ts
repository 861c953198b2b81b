import { expect } from 'vitest'
import { convert } from 'xmlbuilder2'

type Xml = { testsuites: { testsuite: { '@tests': string; testcase: Record<string, unknown>[] } } }

/** The cases as a CI reads them. */
export const casesOf = (xml: string) => {
  const { testsuite } = (convert(xml, { format: 'object' }) as unknown as Xml).testsuites
  const cases = [testsuite.testcase].flat()
  expect(Number(testsuite['@tests'])).toBe(cases.length)
  return cases
}
