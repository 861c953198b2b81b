import { publicTexts } from '#web/texts/public.ts'

const { landing } = publicTexts

/** A board as the product draws it, for the eye alone: one picture with one name. */
export function BoardPicture() {
  return (
    <div role="img" aria-label={landing.picture} className="rounded-2xl border bg-sunken p-3 shadow-xl">
      <div aria-hidden className="grid grid-cols-3 gap-2 sm:gap-3">
        {landing.board.map(({ name, tasks }) => (
          <div key={name} className="flex min-w-0 flex-col gap-2">
            <p className="px-1 text-xs font-semibold">{name}</p>
            {tasks.map(([key, title]) => (
              <div key={key} className="rounded-lg border bg-surface p-2 sm:p-3">
                <p className="text-[11px] text-muted">{key}</p>
                <p className="mt-1 text-xs leading-snug sm:text-sm">{title}</p>
              </div>
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}
