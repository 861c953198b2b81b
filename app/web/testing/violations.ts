import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

/** Serious and critical violations of WCAG 2.1 AA, a line each, with where they are. */
export async function violationsOf(page: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page })
    // Every element that passed would be described as well.
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'])
    // No page has frames: nothing to put together in a page of its own.
    .setLegacyMode()
    .analyze()
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.slice(0, 3).map(({ html }) => `${id}: ${help}: ${html.slice(0, 160)}`),
    )
}
