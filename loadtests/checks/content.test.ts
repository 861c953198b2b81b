import { describe, expect, it } from 'vitest'
import { ContentCheck } from './content.ts'

const get = { method: 'GET', route: 'GET /a' }
const html = { 'Content-Type': 'text/html; charset=utf-8' }
const json = { 'Content-Type': 'application/json' }
const problem = (wanted: object, headers: Record<string, string>, text: string | null) =>
  new ContentCheck().problem({ ...get, ...wanted }, { headers, text })

describe('the content of an answer with a good status', () => {
  it('must be there, read or not', () => {
    expect(problem({}, json, '')).toBe('the answer is empty')
    expect(problem({}, { ...json, 'Content-Length': '0' }, null)).toBe('the answer is empty')
    expect(problem({}, json, '{}')).toBeNull()
    expect(problem({}, json, null)).toBeNull()
    expect(problem({ method: 'POST' }, json, '')).toBeNull()
  })

  it('is of the type that was asked for', () => {
    const asked = { headers: { Accept: 'application/json' } }
    expect(problem(asked, html, '<h1>Hello</h1>')).toContain('wanted application/json')
    expect(problem(asked, {}, 'hello')).toContain('missing')
    expect(problem(asked, { 'Content-Type': 'Application/JSON; charset=utf-8' }, '{}')).toBeNull()
    expect(problem({ headers: { Accept: 'text/html,*/*' } }, json, '{}')).toBeNull()
    expect(problem({ type: 'Text/HTML' }, { 'Content-Type': 'TEXT/html' }, '<h1>Hello</h1>')).toBeNull()
    expect(problem({}, { 'Content-Type': 'TEXT/HTML' }, '<h1>Something went wrong</h1>')).toContain('error')
    expect(problem({ type: 'text/x-component' }, html, '<h1>Hello</h1>')).toContain('text/x-component')
  })

  it('is not HTML now and something else then', () => {
    const check = new ContentCheck()
    expect(check.problem(get, { headers: json, text: '{}' })).toBeNull()
    expect(check.problem(get, { headers: html, text: '<h1>Sign in</h1>' })).toContain('the answer is HTML')
    expect(check.problem(get, { headers: json, text: '{}' }), 'a bad one makes no good one wrong').toBeNull()
    expect(check.problem({ ...get, route: 'GET /b' }, { headers: html, text: '<h1>B</h1>' })).toBeNull()
  })

  it.each([
    '<h1>Something went wrong</h1>',
    '<!doctype html><title>502 Bad Gateway</title>',
    '<html><head><title> Service Temporarily Unavailable</title>',
    '<h1 class="next-error">500</h1>',
    '<h1>An unexpected error has occurred</h1>',
    '<title>Error 503</title>',
    '<title>404 Not Found</title>',
    '<title>503 - maintenance</title>',
  ])('is no error page: %s', (text) => {
    expect(problem({}, html, text)).toContain('error page')
    expect(problem({}, {}, text)).toContain('error page')
    expect(problem({ content: 'any' }, html, text)).toBeNull()
  })

  it.each([
    '<title>What went wrong in 1929</title><h1>A history</h1>',
    '<h1>Hello of shop-3;</h1><p>Something went wrong once, and we fixed it</p>',
    '<title>4,000 tasks</title>',
    '<h1>5000 metres</h1>',
    '<h1>412 products</h1>',
    '<title>500 days of summer</title>',
  ])('is not taken for one: %s', (text) => {
    expect(problem({}, html, text)).toBeNull()
  })
})
