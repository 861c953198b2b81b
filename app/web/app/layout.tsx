import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'Worklane', template: '%s · Worklane' },
  description: 'Plan, follow and finish the work of your whole organisation.',
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fafafb' },
    { media: '(prefers-color-scheme: dark)', color: '#101218' },
  ],
}

// Runs before the first paint, so that nobody sees the other theme flash by; and when the system's changes at dusk.
const themeScript = `(function(){var d=matchMedia('(prefers-color-scheme: dark)')
function wear(){try{var t=localStorage.theme}catch(e){}
document.documentElement.dataset.theme=t==='dark'||t==='light'?t:d.matches?'dark':'light'}
wear();d.addEventListener('change',wear)})()`

// React keeps a part that has arrived back until 300 ms after the first paint, so that many parts do not jump one
// after the other; a page of ours has two, and people wait for the second. This is when React believes it painted.
const revealScript = `Object.defineProperty(window,'$RT',{get:function(){return -300},set:function(){}})`

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: constants of ours */}
        <script dangerouslySetInnerHTML={{ __html: `${themeScript};${revealScript}` }} />
      </head>
      <body className="font-sans">{children}</body>
    </html>
  )
}
