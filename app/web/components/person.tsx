import { hueOf, initials } from '#web/lib/format.ts'

type Props = {
  name: string
  /** A link to a small square; without one, or where it cannot be loaded, the initials are seen. */
  picture?: string | null | undefined
  /** Its size, and how round it is. */
  shape?: string
}

/**
 * The picture of a person or an organisation, or its initials in a colour of their own; the name is there for everyone
 * who cannot see it. One element where there is no picture: a board has dozens.
 */
export function Avatar({ name, picture, shape = 'size-6 rounded-full' }: Props) {
  return (
    <span
      role="img"
      aria-label={name}
      title={name}
      data-hue={hueOf(name)}
      className={`avatar relative inline-flex shrink-0 items-center justify-center overflow-hidden text-xs font-semibold tracking-tight text-white ${shape}`}
    >
      {initials(name)}
      {picture ? <Square link={picture} /> : null}
    </span>
  )
}

/** Without a text of its own, so that nothing covers the initials where it is missing. */
function Square({ link }: { link: string }) {
  return (
    // biome-ignore lint/performance/noImgElement: it is small already, and comes from the object store by a signed link
    <img
      src={link}
      alt=""
      loading="lazy"
      decoding="async"
      className="absolute inset-0 size-full object-cover"
    />
  )
}
