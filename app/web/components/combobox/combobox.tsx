'use client'

import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { work } from '#web/texts/work.ts'
import { Choice } from './choice.tsx'
import { type Option, useFound, type What } from './found.ts'

const { combobox: texts } = work
/** As the operations that search allow. */
const longestSearch = 80

type Props = {
  what: What
  label: string
  /** The label is for a screen reader only, and stands in the empty field. */
  bare?: boolean
  hint?: string
  id?: string
  /** Under which name the id of the chosen one is part of its form; '' stands for none. */
  name?: string
  chosen?: Option | null
  /** Can be chosen besides those that are found. */
  fixed?: readonly Option[]
  /** Ids of those that cannot be chosen. */
  without?: readonly string[]
  /** Empties the field for the next one. */
  clears?: boolean
  onChoose?: (option: Option | null) => void
}

/**
 * A field in which one types a part of a name, and chooses who or what is meant: the editable combobox with a list of
 * the WAI-ARIA Authoring Practices. An empty field stands for none; words that are not chosen keep their form from
 * being sent.
 */
export function Combobox({
  what,
  label,
  bare,
  hint,
  name,
  without = [],
  fixed = [],
  clears,
  ...props
}: Props) {
  const ownId = useId()
  const id = props.id ?? ownId
  const field = useRef<HTMLInputElement>(null)
  const [chosen, setChosen] = useState(props.chosen ?? null)
  const [text, setText] = useState(chosen?.text ?? '')
  const [words, setWords] = useState<string | null>(null)
  const [place, setPlace] = useState(0)
  const found = useFound(what, words)
  const isOpen = words !== null
  const sought = (words ?? '').trim().toLowerCase()
  const options = isOpen
    ? [...fixed.filter((option) => option.text.toLowerCase().includes(sought)), ...found.options].filter(
        (option) => !without.includes(option.id),
      )
    : []
  /** The last one of the list asks for more of it. */
  const count = options.length + (found.nextCursor ? 1 : 0)
  const isUnclear = text.trim() !== '' && text !== chosen?.text

  useEffect(() => field.current?.setCustomValidity(isUnclear ? texts.choose : ''), [isUnclear])

  function decide(option: Option | null, shown: string) {
    setChosen(option)
    setText(shown)
    props.onChoose?.(option)
  }

  function type(typed: string) {
    setPlace(0)
    setWords(typed)
    // Who goes on typing no longer means who was chosen.
    decide(null, typed)
  }

  function take(at: number) {
    const option = options[at]
    if (!option) return found.more()
    setWords(null)
    if (!clears) return decide(option, option.text)
    props.onChoose?.(option)
    setText('')
  }

  function open() {
    if (isOpen) return
    setPlace(0)
    // All of them, whoever is chosen.
    setWords(isUnclear ? text : '')
  }

  function keys(event: KeyboardEvent) {
    if (event.key === 'ArrowDown' && !isOpen) open()
    else if (event.key === 'Escape' && isOpen) setWords(null)
    else if (count === 0) return
    else if (event.key === 'ArrowDown') setPlace((place + 1) % count)
    else if (event.key === 'ArrowUp') setPlace((place + count - 1) % count)
    else if (event.key === 'Enter') take(place)
    else return
    event.preventDefault()
  }

  return (
    <div className={`relative ${bare ? 'w-44' : 'w-72 max-w-full'}`}>
      <label htmlFor={id} className={bare ? 'sr-only' : labelClass}>
        {label}
      </label>
      {name ? <input type="hidden" name={name} value={chosen?.id ?? ''} /> : null}
      <input
        ref={field}
        id={id}
        role="combobox"
        autoComplete="off"
        maxLength={longestSearch}
        value={text}
        placeholder={hint ?? (bare ? label : undefined)}
        aria-autocomplete="list"
        aria-expanded={count > 0}
        aria-controls={`${id}-options`}
        aria-activedescendant={place < count ? optionId(id, place) : undefined}
        onChange={(event) => type(event.target.value)}
        onClick={open}
        onKeyDown={keys}
        onBlur={() => setWords(null)}
        className={fieldClass}
      />
      <div
        id={`${id}-options`}
        role="listbox"
        tabIndex={-1}
        aria-label={label}
        hidden={count === 0}
        className="absolute z-10 mt-1 max-h-72 w-full min-w-56 overflow-y-auto rounded-lg border bg-surface p-1 shadow-lg"
      >
        {options.map((option, index) => (
          <Choice key={option.id} id={optionId(id, index)} isAt={index === place} take={() => take(index)}>
            {option.text}
            {option.aside ? <span className="block truncate text-xs text-muted">{option.aside}</span> : null}
          </Choice>
        ))}
        {found.nextCursor ? (
          <Choice
            id={optionId(id, options.length)}
            isAt={place === options.length}
            take={() => take(options.length)}
          >
            <span className="text-accent-text">{texts.more}</span>
          </Choice>
        ) : null}
      </div>
      <p role="status" className="text-xs text-muted">
        {isOpen && found.state === 'failed' ? texts.failed : null}
        {isOpen && found.state === 'found' && count === 0 ? texts.none : null}
      </p>
    </div>
  )
}

const optionId = (id: string, place: number) => `${id}-option-${place}`
