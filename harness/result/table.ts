import Table from 'cli-table3'
import pc from 'picocolors'

/** A table without lines between its rows. */
export function plainTable(head: string[], alignments: ('left' | 'right')[]) {
  const none = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }
  const edge = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  return new Table({
    head: head.map((text) => pc.dim(text)),
    colAligns: alignments,
    chars: { ...none, ...edge, left: ' ', right: '', middle: ' ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
  })
}
