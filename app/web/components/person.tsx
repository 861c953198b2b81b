import { hueOf, initials } from '#web/lib/format.ts'

/**
 * The initials of a person in a colour of their own; the name is there for everyone who cannot see it. One element:
 * a board has dozens.
 */
export function Avatar({ name, size = 'size-6' }: { name: string; size?: string }) {
  return (
    <span
      role="img"
      aria-label={name}
      title={name}
      data-hue={hueOf(name)}
      className={`avatar inline-flex shrink-0 items-center justify-center rounded-full text-xs font-semibold tracking-tight text-white ${size}`}
    >
      {initials(name)}
    </span>
  )
}
