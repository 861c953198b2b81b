'use client'

import { useRouter } from 'next/navigation'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { api } from '#web/lib/api.ts'
import { work } from '#web/texts/work.ts'

type Command = { text: string; aside: string; path: string }

const { commands: texts, navigation } = work

const pages: Command[] = [
  { text: navigation.dashboard, aside: 'g d', path: '/dashboard' },
  { text: navigation.tasks, aside: 'g t', path: '/tasks' },
  { text: navigation.search, aside: '/', path: '/search' },
  { text: navigation.reports, aside: 'g r', path: '/reports' },
  { text: navigation.notifications, aside: 'g n', path: '/notifications' },
  { text: navigation.settings, aside: 'g s', path: '/settings/profile' },
]
const searchAfterMs = 200
const projectsShown = 6
const tasksShown = 6

async function projectsOf(search: string): Promise<Command[]> {
  const { items } = await api.project.list.query({ ...(search ? { search } : {}), limit: projectsShown })
  return items.map(({ id, name, key }) => ({ text: name, aside: key, path: `/projects/${id}` }))
}

async function tasksOf(q: string): Promise<Command[]> {
  const { items } = await api.search.find.query({ q, limit: tasksShown })
  return items.map(({ taskTitle, taskKey, taskId }) => ({
    text: taskTitle,
    aside: taskKey,
    path: `/tasks/${taskId}`,
  }))
}

/** Every page, project and task by a few letters of its name. */
// biome-ignore lint/style/noDefaultExport: React's lazy takes a default
export default function CommandMenu({ shows, close }: { shows: 'commands' | 'keys'; close: () => void }) {
  const router = useRouter()
  const dialog = useRef<HTMLDialogElement>(null)
  const [words, setWords] = useState('')
  const [projects, setProjects] = useState<Command[]>([])
  const [tasks, setTasks] = useState<Command[]>([])
  const [chosen, setChosen] = useState(0)

  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    let stale = false
    const sought = words.trim()
    // Only once somebody pauses: every letter would be a search.
    const timer = setTimeout(
      async () => {
        const [projects, tasks] = await Promise.all([
          projectsOf(sought).catch(() => []),
          sought.length < 2 ? [] : tasksOf(sought).catch(() => []),
        ])
        if (stale) return
        setProjects(projects)
        setTasks(tasks)
      },
      sought === '' ? 0 : searchAfterMs,
    )
    return () => {
      stale = true
      clearTimeout(timer)
    }
  }, [words])

  const named = pages.filter(({ text }) => text.toLowerCase().includes(words.trim().toLowerCase()))
  const found = [...named, ...projects, ...tasks]

  function go(command: Command | undefined) {
    if (!command) return
    close()
    router.push(command.path)
  }

  function keys(event: KeyboardEvent) {
    if (event.key === 'ArrowDown') setChosen((chosen + 1) % Math.max(1, found.length))
    else if (event.key === 'ArrowUp') setChosen((chosen + found.length - 1) % Math.max(1, found.length))
    else if (event.key === 'Enter') go(found[chosen])
    else return
    event.preventDefault()
  }

  return (
    <dialog
      ref={dialog}
      aria-label={shows === 'keys' ? texts.shortcuts : texts.title}
      onClose={close}
      className="m-auto mt-[12dvh] w-full max-w-lg rounded-xl border bg-surface text-ink shadow-xl backdrop:bg-black/40"
    >
      {shows === 'keys' ? (
        <div className="p-5">
          <h2 className="mb-3 text-lg font-semibold">{texts.shortcuts}</h2>
          <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-2 text-sm">
            {texts.keys.map(([key, does]) => (
              <div key={key} className="contents">
                <dt>
                  <kbd className="rounded-md border bg-sunken px-1.5 py-0.5 text-xs">{key}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </div>
      ) : (
        <>
          <input
            role="combobox"
            aria-label={texts.label}
            aria-expanded
            aria-controls="commands"
            aria-activedescendant={found[chosen] ? `command-${chosen}` : undefined}
            placeholder={texts.hint}
            value={words}
            onChange={(event) => {
              setWords(event.target.value)
              setChosen(0)
            }}
            onKeyDown={keys}
            className="h-12 w-full border-b bg-transparent px-4 text-sm outline-none placeholder:text-muted"
          />
          <div
            id="commands"
            role="listbox"
            aria-label={texts.title}
            tabIndex={-1}
            className="max-h-96 overflow-y-auto p-1.5"
          >
            {found.map((command, place) => (
              <div
                key={command.path + command.text}
                id={`command-${place}`}
                role="option"
                tabIndex={-1}
                aria-selected={place === chosen}
                onClick={() => go(command)}
                onKeyDown={keys}
                className="flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2 text-sm hover:bg-sunken aria-selected:bg-sunken"
              >
                <span className="min-w-0 flex-1 truncate">{command.text}</span>
                <span className="text-xs text-muted">{command.aside}</span>
              </div>
            ))}
          </div>
          {found.length === 0 ? <p className="px-4 pb-4 text-sm text-muted">{texts.none}</p> : null}
        </>
      )}
    </dialog>
  )
}
