import { hueOf, initials } from '#web/lib/format.ts'

/** The initials of a person in a colour of their own; the name is there for everyone who cannot see it. */
export function Avatar({ name, size = 'size-6 text-[10px]' }: { name: string; size?: string }) {
  return (
    <span
      title={name}
      data-hue={hueOf(name)}
      className={`avatar inline-flex shrink-0 items-center justify-center rounded-full font-semibold text-white ${size}`}
    >
      <span aria-hidden>{initials(name)}</span>
      <span className="sr-only">{name}</span>
    </span>
  )
}
