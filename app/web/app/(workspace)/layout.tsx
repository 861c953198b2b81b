import { execute } from '@worklane/domain/execute.ts'
import { getMe } from '@worklane/domain/me/operations.ts'
import { listOrganisations } from '@worklane/domain/organisations/operations.ts'
import { listProjects } from '@worklane/domain/projects/operations.ts'
import { LayoutDashboard, LogOut, Menu } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, Suspense } from 'react'
import { chooseOrganisation, signOutHere } from '#web/auth/actions.ts'
import { requireActor } from '#web/auth/actor.ts'
import { Logo } from '#web/components/logo.tsx'
import { Avatar } from '#web/components/person.tsx'
import { ThemeToggle } from '#web/components/theme-toggle.tsx'
import { Skeleton } from '#web/components/ui/card.tsx'

const projectsShown = 10

export default function WorkspaceLayout({ children }: { children: ReactNode }) {
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:bg-surface focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <header className="flex items-center justify-between gap-3 border-b bg-surface px-4 py-2.5 lg:hidden">
        <Link href="/dashboard" prefetch={false}>
          <Logo />
        </Link>
        <div className="flex items-center gap-1">
          <ThemeToggle />
          <button
            type="button"
            popoverTarget="sidebar"
            aria-label="Menu"
            className="grid size-9 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
          >
            <Menu aria-hidden className="size-5" />
          </button>
        </div>
      </header>
      {/* One sidebar: always there on a wide screen, a popover on a narrow one. */}
      <aside
        id="sidebar"
        popover="auto"
        className="m-0 h-dvh w-64 flex-col gap-5 overflow-y-auto border-r bg-surface px-3 py-4 text-ink open:flex lg:sticky lg:top-0 lg:flex lg:w-auto"
      >
        <div className="hidden items-center justify-between px-2 lg:flex">
          <Link href="/dashboard" prefetch={false}>
            <Logo />
          </Link>
          <ThemeToggle />
        </div>
        <Suspense fallback={<Skeleton className="h-64" />}>
          <Sidebar />
        </Suspense>
      </aside>
      <main id="main" className="mx-auto w-full max-w-7xl min-w-0 px-4 py-6 sm:px-8">
        {children}
      </main>
    </div>
  )
}

const item = 'flex items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm hover:bg-sunken'

async function Sidebar() {
  const actor = await requireActor()
  const [me, organisations, projects] = await Promise.all([
    execute(getMe, actor, {}),
    execute(listOrganisations, actor, {}),
    execute(listProjects, actor, { limit: projectsShown }),
  ])
  const others = organisations.items.filter(({ current }) => !current)
  return (
    <div className="flex flex-1 flex-col gap-5">
      <details className="relative">
        <summary className="flex items-center gap-2.5 rounded-lg border px-2.5 py-2 text-sm hover:bg-sunken">
          <Avatar name={me.organisation.name} size="size-7 text-xs rounded-md" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{me.organisation.name}</span>
            <span className="block text-xs text-muted capitalize">{me.plan} plan</span>
          </span>
        </summary>
        <form action={chooseOrganisation} className="mt-1.5 flex flex-col rounded-lg border bg-surface p-1">
          {others.map(({ id, name }) => (
            <button key={id} type="submit" name="organisation" value={id} className={`${item} text-left`}>
              {name}
            </button>
          ))}
          {others.length === 0 ? (
            <p className="px-2.5 py-1.5 text-sm text-muted">You belong to no other.</p>
          ) : null}
        </form>
      </details>
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        <Link href="/dashboard" prefetch={false} className={item}>
          <LayoutDashboard aria-hidden className="size-4 text-muted" /> Dashboard
        </Link>
        <p className="mt-4 mb-1 px-2.5 text-xs font-medium text-muted">Projects</p>
        {projects.items.map(({ id, name, key }) => (
          <Link key={id} href={`/projects/${id}`} prefetch={false} className={item}>
            <span className="truncate">{name}</span>
            <span className="ml-auto text-xs text-muted">{key}</span>
          </Link>
        ))}
      </nav>
      <div className="mt-auto flex items-center gap-2.5 border-t px-2.5 pt-4 text-sm">
        <Avatar name={me.user.name} size="size-8 text-xs" />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{me.user.name}</span>
          <span className="block truncate text-xs text-muted capitalize">{me.role}</span>
        </span>
        <form action={signOutHere}>
          <button
            type="submit"
            aria-label="Sign out"
            className="grid size-8 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
          >
            <LogOut aria-hidden className="size-4" />
          </button>
        </form>
      </div>
    </div>
  )
}
