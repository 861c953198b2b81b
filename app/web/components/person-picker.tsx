'use client'

import { type KeyboardEvent, useId, useState } from 'react'
import { fieldClass, labelClass } from '#web/components/ui/field.tsx'
import { type Person, usePeople } from './people.ts'

type Props = { label: string; hint: string; without?: string; onChoose: (person: Person | null) => void }

/** A field in which one types a part of a name or an address, and chooses who is meant. */
export function PersonPicker({ label, hint, without, onChoose }: Props) {
  const id = useId()
  const [text, setText] = useState('')
  const [words, setWords] = useState<string | null>(null)
  const [place, setPlace] = useState(0)
  const people = usePeople(words, 6).filter((person) => person.id !== without)

  function type(typed: string) {
    setText(typed)
    setWords(typed.trim() === '' ? null : typed)
    setPlace(0)
    onChoose(null)
  }

  function choose(person: Person) {
    setText(person.name)
    setWords(null)
    onChoose(person)
  }

  function keys(event: KeyboardEvent) {
    const person = people[place]
    if (!person) return
    if (event.key === 'ArrowDown') setPlace((place + 1) % people.length)
    else if (event.key === 'ArrowUp') setPlace((place + people.length - 1) % people.length)
    else if (event.key === 'Enter') choose(person)
    else if (event.key === 'Escape') setWords(null)
    else return
    event.preventDefault()
  }

  return (
    <div className="relative w-72 max-w-full">
      <label htmlFor={id} className={labelClass}>
        {label}
      </label>
      <input
        id={id}
        role="combobox"
        autoComplete="off"
        value={text}
        placeholder={hint}
        aria-expanded={people.length > 0}
        aria-controls={`${id}-people`}
        aria-activedescendant={people[place] ? `${id}-${people[place].id}` : undefined}
        onChange={(event) => type(event.target.value)}
        onKeyDown={keys}
        onBlur={() => setWords(null)}
        className={fieldClass}
      />
      <div
        id={`${id}-people`}
        role="listbox"
        tabIndex={-1}
        aria-label={label}
        hidden={people.length === 0}
        className="absolute z-10 mt-1 w-full rounded-lg border bg-surface p-1 shadow-lg"
      >
        {people.map((person, index) => (
          <div
            key={person.id}
            id={`${id}-${person.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === place}
            onMouseDown={(event) => {
              event.preventDefault()
              choose(person)
            }}
            className="cursor-pointer rounded-md px-2.5 py-1.5 text-sm hover:bg-sunken aria-selected:bg-sunken"
          >
            {person.name}
            <span className="block truncate text-xs text-muted">{person.email}</span>
          </div>
        ))}
      </div>
    </div>
  )
}
