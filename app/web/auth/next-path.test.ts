import { describe, expect, it } from 'vitest'
import { safeNext } from './next-path.ts'

describe('where to go after signing in', () => {
  it.each(['/dashboard', '/projects/1?view=board#top'])('goes to our own path %s', (path) => {
    expect(safeNext(path)).toBe(path)
  })

  it.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    'dashboard',
    '',
    null,
    undefined,
  ])('goes home instead of to %j', (path) => {
    expect(safeNext(path)).toBe('/dashboard')
  })

  it('does not go round in circles', () => {
    expect(safeNext('/sign-in?next=/dashboard')).toBe('/dashboard')
  })
})
