import { cva, type VariantProps } from 'class-variance-authority'
import type { ComponentProps } from 'react'

export const buttonClass = cva(
  'inline-flex h-9 items-center justify-center gap-2 rounded-lg px-3.5 text-sm font-semibold whitespace-nowrap transition-colors disabled:opacity-60',
  {
    variants: {
      look: {
        solid: 'bg-accent text-accent-ink hover:brightness-110',
        quiet: 'border bg-surface text-ink hover:bg-sunken',
        bare: 'text-muted hover:bg-sunken hover:text-ink',
        danger: 'bg-danger text-canvas hover:brightness-110',
        warning: 'border bg-surface text-danger hover:bg-danger-soft',
      },
    },
    defaultVariants: { look: 'solid' },
  },
)

export function Button({
  look,
  className,
  ...props
}: ComponentProps<'button'> & VariantProps<typeof buttonClass>) {
  return <button type="button" className={buttonClass({ look, className })} {...props} />
}
