import { describe, expect, it } from 'vitest'
import { ownAddress, safeNext } from './next-path.ts'

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
    '/.//evil.example/x',
    '/a/..//evil.example/x',
    '/%2e//evil.example/x',
    '/a/%2E%2e//evil.example',
    '/././/evil.example',
    '/..//evil.example?x#y',
    '/a/b/../..//evil.example',
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

describe('where the auth library redirects to', () => {
  const origin = 'https://worklane.example'
  it.each([
    ['/sign-in', `${origin}/sign-in`],
    [`${origin}/projects/1?a=b`, `${origin}/projects/1?a=b`],
    [origin, `${origin}/`],
    [`${origin}/.//evil.example`, `${origin}/dashboard`],
    [`${origin}.evil.example/x`, `${origin}/dashboard`],
    [`${origin}@evil.example/x`, `${origin}/dashboard`],
    ['//evil.example', `${origin}/dashboard`],
    ['https://evil.example/x', `${origin}/dashboard`],
    ['javascript:alert(1)', `${origin}/dashboard`],
  ])('%s leads to %s', (asked, to) => expect(ownAddress(asked, origin)).toBe(to))
})
