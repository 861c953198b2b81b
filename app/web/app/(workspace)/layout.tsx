import { mayAct } from '@worklane/domain/actor.ts'
import { execute } from '@worklane/domain/execute.ts'
import { getMe } from '@worklane/domain/me/operations.ts'
import { countNotifications } from '@worklane/domain/notifications/operations.ts'
import { listOrganisations } from '@worklane/domain/organisations/operations.ts'
import { listProjects } from '@worklane/domain/projects/operations.ts'
import { Bell, ChartColumn, LayoutDashboard, ListTodo, LogOut, Menu, Search, Settings } from 'lucide-react'
import Link from 'next/link'
import { type ReactNode, Suspense } from 'react'
import { chooseOrganisation, signOutHere } from '#web/auth/actions.ts'
import { requireActor } from '#web/auth/actor.ts'
import { OtherOrganisation } from '#web/components/combobox/other-organisation.tsx'
import { Commands } from '#web/components/commands/commands.tsx'
import { Logo } from '#web/components/logo.tsx'
import { Avatar } from '#web/components/person.tsx'
import { Place } from '#web/components/place.tsx'
import { ThemeToggle } from '#web/components/theme-toggle.tsx'
import { Skeleton } from '#web/components/ui/card.tsx'
import { billing } from '#web/texts/billing.ts'
import { work } from '#web/texts/work.ts'

const projectsShown = 10
/** With the current one among them. */
const organisationsShown = 11

export default function WorkspaceLayout({ children }: { children: ReactNode }) {
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[15.5rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:bg-surface focus:px-3 focus:py-2"
      >
        {texts.skip}
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
            aria-label={texts.menu}
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
      <Typefaces />
      <main id="main" className="mx-auto w-full max-w-7xl min-w-0 px-4 py-6 sm:px-8">
        <Suspense>
          <Owing />
        </Suspense>
        {children}
      </main>
      <Commands />
    </div>
  )
}

/** For those who can pay, on every page, until it is done. */
async function Owing() {
  const actor = await requireActor()
  if (actor.readOnlyAt === null || !mayAct(actor, 'admin')) return null
  return (
    <p role="status" className="mb-6 rounded-lg bg-danger-soft px-4 py-2.5 text-sm text-danger">
      {actor.readOnlyAt <= Date.now() ? billing.bannerReadOnly : billing.banner}{' '}
      <Link href="/settings/billing" prefetch={false} className="font-semibold underline">
        {billing.bannerLink}
      </Link>
    </p>
  )
}

/**
 * The text styles of what streams in, asked for while it is waited for: on Linux a page stands still for each size and
 * weight that it shows for the first time (decision 024).
 */
function Typefaces() {
  return (
    <div aria-hidden className="invisible absolute">
      <p className="text-2xl font-semibold">A</p>
      <p className="text-sm">A</p>
      <p className="text-sm font-semibold">A</p>
      <p className="text-xs">A</p>
      <p className="text-xs font-semibold">A</p>
    </div>
  )
}

const item = 'flex items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm hover:bg-sunken'
const { navigation: texts } = work

const places = [
  { href: '/dashboard', text: texts.dashboard, Icon: LayoutDashboard },
  { href: '/tasks', text: texts.tasks, Icon: ListTodo },
  { href: '/search', text: texts.search, Icon: Search },
  { href: '/reports', text: texts.reports, Icon: ChartColumn },
] as const

async function Sidebar() {
  const actor = await requireActor()
  const [me, organisations, projects, notifications] = await Promise.all([
    execute(getMe, actor, {}),
    execute(listOrganisations, actor, { limit: organisationsShown }),
    execute(listProjects, actor, { limit: projectsShown }),
    execute(countNotifications, actor, {}),
  ])
  const others = organisations.items.filter(({ current }) => !current)
  return (
    <div className="flex flex-1 flex-col gap-5">
      <details className="relative">
        <summary className="flex items-center gap-2.5 rounded-lg border px-2.5 py-2 text-sm hover:bg-sunken">
          <Avatar name={me.organisation.name} picture={me.organisation.logo} shape="size-7 rounded-md" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-semibold">{me.organisation.name}</span>
            <span className="block text-xs text-muted capitalize">{texts.plan(me.plan)}</span>
          </span>
        </summary>
        <form action={chooseOrganisation} className="mt-1.5 flex flex-col rounded-lg border bg-surface p-1">
          {others.map(({ id, name }) => (
            <button key={id} type="submit" name="organisation" value={id} className={`${item} text-left`}>
              {name}
            </button>
          ))}
          {organisations.nextCursor ? <OtherOrganisation current={me.organisation.id} /> : null}
          {others.length === 0 ? <p className="px-2.5 py-1.5 text-sm text-muted">{texts.noOther}</p> : null}
          <Link href="/onboarding" prefetch={false} className={`${item} text-accent-text`}>
            {texts.newOrganisation}
          </Link>
        </form>
      </details>
      <nav aria-label={texts.main} className="flex flex-col gap-0.5">
        {places.map(({ href, text, Icon }) => (
          <Place key={href} href={href} className={item}>
            <Icon aria-hidden className="size-4 text-muted" /> {text}
          </Place>
        ))}
        <Place href="/notifications" className={item}>
          <Bell aria-hidden className="size-4 text-muted" /> {texts.notifications}
          {notifications.unread > 0 ? (
            <span className="ml-auto rounded-full bg-accent px-1.5 text-xs font-semibold text-accent-ink">
              <span aria-hidden>{notifications.unread >= 100 ? '99+' : notifications.unread}</span>
              <span className="sr-only">{texts.unread(notifications.unread)}</span>
            </span>
          ) : null}
        </Place>
        <p className="mt-4 mb-1 px-2.5 text-xs font-semibold text-muted">{texts.projects}</p>
        {projects.items.map(({ id, name, key }) => (
          <Place key={id} href={`/projects/${id}`} className={item}>
            <span className="truncate">{name}</span>
            <span className="ml-auto text-xs text-muted">{key}</span>
          </Place>
        ))}
        {projects.nextCursor ? (
          <button type="button" data-opens="commands" className={`${item} text-left text-accent-text`}>
            {texts.findProject}
          </button>
        ) : null}
      </nav>
      <div className="mt-auto flex flex-col gap-3 border-t pt-4">
        <Place href="/settings/profile" under="/settings" className={item}>
          <Settings aria-hidden className="size-4 text-muted" /> {texts.settings}
        </Place>
        <div className="flex items-center gap-2.5 px-2.5 text-sm">
          <Avatar name={me.user.name} picture={me.user.avatar} shape="size-8 rounded-full" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-semibold">{me.user.name}</span>
            <span className="block truncate text-xs text-muted capitalize">{me.role}</span>
          </span>
          <form action={signOutHere}>
            <button
              type="submit"
              aria-label={texts.signOut}
              className="grid size-8 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink"
            >
              <LogOut aria-hidden className="size-4" />
            </button>
          </form>
        </div>
      </div>
    </div>
  )
}
