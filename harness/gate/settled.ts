/**
 * How React and Next hand over the parts of a streamed document: a placeholder, the part in a hidden element, a script
 * that moves it; and the data in as many scripts as there were writes.
 */
const handover = [
  /<script[^>]*>\$R[A-Z][\s\S]*?<\/script>/g,
  /<template id="[BP]:[0-9a-f]+"><\/template>/g,
  /<script[^>]*>self\.__next_f\.push\(\[1,"/g,
  /"\]\)<\/script>/g,
]
const hidden = /<div hidden id="S:[0-9a-f]+">/g

/**
 * What a document holds, however its parts happened to arrive: 3% of /tasks is the handing over of its rows, 3 pieces
 * or 30 as the server was quick or slow.
 * @returns bytes before compression, without the handing over
 */
export function settledBytes(html: string): number {
  const parts = html.match(hidden)?.length ?? 0
  const settled = handover.reduce((text, piece) => text.replaceAll(piece, ''), html).replaceAll(hidden, '')
  return Buffer.byteLength(settled) - parts * '</div>'.length
}
