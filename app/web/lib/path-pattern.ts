/**
 * Next's name of a page as a pattern of its addresses: `/projects/[projectId]` → `^/projects/[^/]+/?$`, and
 * `/v1/[...path]` with all that is below it.
 */
export function pathPattern(page: string): string {
  const escaped = page.replaceAll(/[.*+?^${}()|\\]/g, String.raw`\$&`)
  const parts = escaped.replaceAll(/\[\\\.\\\.\\\.[^\]]+\]/g, '.+').replaceAll(/\[[^\]]+\]/g, '[^/]+')
  return `^${parts === '/' ? '' : parts}/?$`
}
