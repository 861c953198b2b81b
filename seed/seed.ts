import type { PopulationSpec } from '@headroom/fixtures/population.ts'
export async function seedDatabase(_adminUrl: string, _spec: PopulationSpec, _options: { sessionSecret: string; onProgress?: (line: string) => void }): Promise<void> {}
