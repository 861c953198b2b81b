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

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours */}
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
      </head>
      <body className="font-sans">{children}</body>
    </html>
  )
}
