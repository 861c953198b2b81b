'use client'

import { type ReactNode, useEffect, useRef } from 'react'

type ChoiceProps = { id: string; isAt: boolean; take: () => void; children: ReactNode }

/** An option of a list whose field keeps the focus. */
export function Choice({ id, isAt, take, children }: ChoiceProps) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isAt) element.current?.scrollIntoView({ block: 'nearest' })
  }, [isAt])
  return (
    <div
      ref={element}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isAt}
      onMouseDown={(event) => {
        event.preventDefault()
        take()
      }}
      className="cursor-pointer rounded-md px-2.5 py-1.5 text-sm hover:bg-sunken aria-selected:bg-sunken"
    >
      {children}
    </div>
  )
}
