import { type Metric, register } from 'prom-client'

/** The process's one metric of a name, however often a bundler loads the file that makes it. */
export const singleMetric = <Of extends Metric>(name: string, make: (name: string) => Of): Of =>
  (register.getSingleMetric(name) as Of | undefined) ?? make(name)
