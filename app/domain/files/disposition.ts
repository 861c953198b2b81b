/**
 * A Content-Disposition of a name that people chose (RFC 6266): in ASCII for old programs, and as it is for the others.
 * @param how whether a browser shows it or keeps it
 */
export function dispositionOf(how: 'attachment' | 'inline', name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .replaceAll(/["\\/%;]/g, '_')
    .trim()
  // RFC 8187: what encodeURIComponent leaves and a parameter's value may not hold.
  const exact = encodeURIComponent(name.replaceAll(/[\\/]/g, '_')).replaceAll(
    /['()*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${how}; filename="${plain || 'file'}"; filename*=UTF-8''${exact}`
}
