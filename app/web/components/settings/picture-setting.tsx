'use client'

import type { Picture } from '@worklane/domain/pictures/shapes.ts'
import { largestPicture, pictureNames, typeOfPicture } from '@worklane/domain/pictures/types.ts'
import { type ChangeEvent, useState } from 'react'
import { Avatar } from '#web/components/person.tsx'
import { Button, buttonClass } from '#web/components/ui/button.tsx'
import { settings } from '#web/texts/settings.ts'
import { useAct } from './act.ts'
import { Said } from './said.tsx'

const { picture: texts } = settings

type Props = {
  what: 'avatar' | 'logo'
  /** Whose it is: their initials stand where there is none. */
  name: string
  /** Null where there is no object store. */
  picture: Picture | null
}

type Chosen = { file: File; preview: string }

/** A picture that can be chosen, seen before it is saved, and taken away. */
export function PictureSetting({ what, name, picture }: Props) {
  const { act, said, isPending } = useAct()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const [unfit, setUnfit] = useState<string | null>(null)
  const [step, setStep] = useState<string | null>(null)
  if (picture === null) return <p className="mb-5 text-sm text-muted">{texts.off}</p>

  async function choose({ currentTarget: input }: ChangeEvent<HTMLInputElement>) {
    const [file] = input.files ?? []
    // The same file may be chosen once more.
    input.value = ''
    if (!file) return
    const reason = unfitnessOf(file)
    setUnfit(reason)
    setChosen(reason ? null : { file, preview: await dataOf(file) })
  }

  async function save({ file }: Chosen) {
    const isShown = await act(async (api) => {
      setStep(texts.sending)
      const { sendPicture } = await import('./send-picture.ts')
      await sendPicture(api[what], file, () => setStep(texts.checking))
    }, texts.shown[what])
    setStep(null)
    if (isShown) setChosen(null)
  }

  // One of an earlier visit, of which nobody heard more.
  const earlier = picture.upload?.refused
  const problem = unfit ?? (earlier && !chosen && !said ? texts.refused[earlier] : null)
  const shape = what === 'logo' ? 'rounded-2xl' : 'rounded-full'
  return (
    <fieldset disabled={isPending} className="mb-6">
      <legend className="mb-2 text-sm font-semibold">{texts.of[what]}</legend>
      <div className="flex flex-wrap items-center gap-4">
        <Avatar name={name} picture={chosen?.preview ?? picture.url} shape={`size-20 text-2xl! ${shape}`} />
        <div className="min-w-0 flex-1">
          <div className="flex flex-wrap gap-2">
            {chosen ? (
              <>
                <Button onClick={() => save(chosen)}>{texts.save}</Button>
                <Button look="bare" onClick={() => setChosen(null)}>
                  {settings.cancel}
                </Button>
              </>
            ) : (
              <>
                <label
                  className={`${buttonClass({ look: 'quiet' })} cursor-pointer has-[:focus-visible]:outline-2 has-[:focus-visible]:outline-accent has-[:disabled]:opacity-60`}
                >
                  {texts.choose}
                  <input
                    type="file"
                    accept={pictureNames}
                    aria-describedby={`${what}-hint`}
                    className="sr-only"
                    onChange={choose}
                  />
                </label>
                {picture.url || picture.upload ? (
                  <Button
                    look="bare"
                    onClick={() => act((api) => api[what].remove.mutate({}), texts.removed)}
                  >
                    {texts.remove}
                  </Button>
                ) : null}
              </>
            )}
          </div>
          <p id={`${what}-hint`} className="mt-2 text-xs text-muted">
            {chosen ? texts.preview : texts.hint}
          </p>
        </div>
      </div>
      {step ? (
        <p role="status" className="mt-3 text-sm text-muted">
          {step}
        </p>
      ) : null}
      {problem ? (
        <p role="alert" className="mt-3 text-sm text-danger">
          {problem}
        </p>
      ) : (
        <Said said={said} />
      )}
    </fieldset>
  )
}

/** Why nobody has to ask the server. */
function unfitnessOf({ name, size }: File): string | null {
  if (typeOfPicture(name) === null || size === 0) return texts.kind
  return size > largestPicture ? texts.tooLarge : null
}

/** In the address itself: pages may show nothing else of what is not loaded from somewhere. */
const dataOf = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })
