import { floors, mayImport } from '../../.dependency-cruiser.js'

/** Which room may import which, as a diagram that GitHub draws; the check of imports holds the code to the same table. */
export function importDiagram(): string {
  const id = (room: string) => room.replaceAll(/\W/g, '_')
  const rooms = Object.keys(mayImport)
  return [
    '```mermaid',
    'flowchart TD',
    ...rooms.map((room) => `  ${id(room)}["${room}"]`),
    ...Object.entries(mayImport).flatMap(([room, others]) =>
      others.map((other) => `  ${id(room)} --> ${id(other)}`),
    ),
    '```',
    '',
    `Within \`harness/\`, from the ground up: ${floors.map((floor) => `\`${floor}\``).join(' · ')}.`,
    '',
  ].join('\n')
}
