/** Control characters that no text has: all of C0 but tab, line ends, form feed and the escape of coloured logs. */
const controls = new Set([...Array(32).keys()].filter((code) => ![9, 10, 11, 12, 13, 27].includes(code)))

/**
 * Whether bytes may be a text, in UTF-8 or any older encoding: programs, pictures and archives have zeros and other
 * controls in them. One in UTF-16 has zeros too, and begins with its mark.
 * @param isFirst whether the file begins with them
 */
export function mayBeText(bytes: Uint8Array, isFirst: boolean): boolean {
  if (isFirst && isUtf16(bytes)) return true
  return !bytes.some((byte) => controls.has(byte))
}

export const isUtf16 = ([first, second]: Uint8Array): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
