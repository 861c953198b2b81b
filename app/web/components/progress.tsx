type Props = { label: string; value: number; max: number | null }

/** How far something is; without an end that is known it only moves. */
export function Progress({ label, value, max }: Props) {
  return (
    <progress
      aria-label={label}
      {...(max === null ? {} : { max: Math.max(max, 1), value })}
      className="my-1.5 block h-1.5 w-full appearance-none overflow-hidden rounded-full bg-line [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-line [&::-webkit-progress-value]:bg-accent"
    />
  )
}
