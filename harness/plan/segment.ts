/** k6's words for the index-th of n equal parts; k6-operator gives its runners the same. */
export function segment(index: number, of: number): string[] {
  if (of === 1) return []
  const edge = (place: number) => (place === 0 ? '0' : place === of ? '1' : `${place}/${of}`)
  const edges = Array.from({ length: of + 1 }, (_, place) => edge(place))
  return [
    ...['--execution-segment', `${edge(index)}:${edge(index + 1)}`],
    ...['--execution-segment-sequence', edges.join(',')],
  ]
}
