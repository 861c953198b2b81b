import { DockerfileParser, type Instruction, type ModifiableInstruction } from 'dockerfile-ast'

/** What a container of an image begins with, as its Dockerfile says. */
export type Image = {
  /** The image of somebody else that it goes back to. */
  base: string
  directory: string
  user: string | null
  env: Record<string, string>
  copies: Copy[]
  entrypoint: string[]
  command: string[]
  healthcheck: string[] | null
  stopSignal: string | null
}

export type Copy = {
  /** A stage before this one; null for the checkout. */
  from: string | null
  source: string
  /** Absolute. */
  target: string
}

/** Reads one stage, with all that it inherits. @throws Error where the Dockerfile has no such stage */
export function readImage(dockerfile: string, target: string): Image {
  const stages = readStages(dockerfile)
  const image = stages.get(target)
  if (!image)
    throw new Error(`the Dockerfile has no stage "${target}"; it has ${[...stages.keys()].join(', ')}`)
  return image
}

export function readStages(dockerfile: string): Map<string, Image> {
  const stages = new Map<string, Image>()
  let current: Image | undefined
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const keyword = instruction.getKeyword().toUpperCase()
    const text = (instruction.getArgumentsContent() ?? '').replaceAll(/\\\s*\n\s*/g, ' ').trim()
    if (keyword === 'FROM') {
      const [from = '', , name = from] = text.split(/\s+/)
      current = structuredClone(stages.get(from) ?? emptyImage(from))
      stages.set(name, current)
    } else if (current) readers[keyword]?.(current, text, fromOf(instruction))
  }
  return stages
}

const emptyImage = (base: string): Image => ({
  base,
  directory: '/',
  user: null,
  env: {},
  copies: [],
  entrypoint: [],
  command: [],
  healthcheck: null,
  stopSignal: null,
})

/** The stage that a COPY takes from. */
const fromOf = (instruction: Instruction): string | null =>
  'getFlags' in instruction
    ? ((instruction as ModifiableInstruction)
        .getFlags()
        .find((flag) => flag.getName() === 'from')
        ?.getValue() ?? null)
    : null

/** What each instruction changes; flags are not part of its text. */
const readers: Record<string, (image: Image, text: string, from: string | null) => void> = {
  WORKDIR(image, text) {
    image.directory = absolute(image.directory, text)
  },
  USER(image, text) {
    image.user = text
  },
  STOPSIGNAL(image, text) {
    image.stopSignal = text
  },
  ENV(image, text) {
    for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z_]\w*)=(\S+)/g)) image.env[name] = value
  },
  COPY(image, text, from) {
    const paths = text.split(/\s+/)
    const target = paths.at(-1) ?? ''
    for (const source of paths.slice(0, -1))
      image.copies.push({ from, source, target: absolute(image.directory, target) })
  },
  ENTRYPOINT(image, text) {
    image.entrypoint = wordsOf(text)
    image.command = []
  },
  CMD(image, text) {
    image.command = wordsOf(text)
  },
  HEALTHCHECK(image, text) {
    const [, command] = /CMD\s+(\[.*\])$/.exec(text) ?? []
    image.healthcheck = command === undefined ? null : wordsOf(command)
  },
}

const absolute = (directory: string, path: string) =>
  path.startsWith('/') ? path : new URL(path, `file://${directory.replace(/\/?$/, '/')}`).pathname

/** A shell would stand between the process and its signals: only lists are taken. */
function wordsOf(text: string): string[] {
  const words: unknown = JSON.parse(text)
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw new Error(`${text} is no list of words`)
  return words
}
