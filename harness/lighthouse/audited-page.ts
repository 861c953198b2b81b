import { type Artifacts, Audit } from 'lighthouse'
import { auditedPage, type Markers, markersVariable } from './variables.ts'

/**
 * Proves, from what Lighthouse itself loaded, that the page asked for was audited: it was not led elsewhere, and
 * its document holds the marker. A sign-in page is fast, and would make any app look so.
 */
export class AuditedPage extends Audit {
  static override get meta() {
    return {
      id: auditedPage,
      title: 'The page that was asked for was audited',
      failureTitle: 'Another page than the one asked for was audited',
      description: 'Lighthouse loaded the page with the right session.',
      requiredArtifacts: ['URL', 'MainDocumentContent'] as ('URL' | 'MainDocumentContent')[],
    }
  }

  static override audit(artifacts: Artifacts) {
    const { requestedUrl = '', finalDisplayedUrl } = artifacts.URL
    const markers = JSON.parse(process.env[markersVariable] ?? '{}') as Markers
    const explanation = whatIsWrong(requestedUrl, finalDisplayedUrl, artifacts.MainDocumentContent, markers)
    return explanation === undefined ? { score: 1 } : { score: 0, explanation }
  }
}

export function whatIsWrong(
  requested: string,
  displayed: string,
  document: string,
  markers: Markers,
): string | undefined {
  if (displayed !== requested) return `${pathOf(requested)} led to ${pathOf(displayed)}`
  const marker = markers[new URL(requested).pathname]
  if (marker === undefined) return `no marker is known for ${pathOf(requested)}`
  if (!document.includes(marker)) return `${pathOf(requested)} does not hold "${marker}"`
  return undefined
}

const pathOf = (url: string) => (URL.canParse(url) ? new URL(url).pathname + new URL(url).search : url)
