import { describe, expect, it } from 'vitest'
import type { Request } from '../swarm/app.ts'
import { checked } from './checked.ts'
import type { Journey, Visitor } from './contract.ts'

class Refused extends Error {}
const refuse = (what: string): never => {
  throw new Refused(what)
}

const good: Request = { method: 'GET', route: 'GET /x', path: '/x' }
const visitor = { index: 3 } as Visitor<undefined>

const journeyOf = (parts: Partial<Journey>): Journey =>
  checked({ name: 'shop', limits: { 'GET /x': 100 }, chain: {}, steps: {}, ...parts }, refuse)

const stepOf = (step: unknown) => () =>
  journeyOf({ steps: { look: step as Journey['steps'][string] } }).steps.look?.(visitor)

describe('a checked journey', () => {
  it.each<[string, Partial<Request>]>([
    ['a query', { path: '/x?a=%20&b=1:2' }],
    ['letters of any language', { path: '/überraschung/日本' }],
    ['two slashes', { path: '//x' }],
    ['an address inside its path', { path: '/redirect?to=https://example.com/' }],
    ['headers in UTF-8 and with a tab', { headers: { 'X-Name': 'Jörg\tK.' } }],
    ['a body and a status', { method: 'POST', body: '', expect: 201, keep: () => true }],
  ])('asks for what can be asked: %s', (_, change) => {
    const requests = [{ ...good, ...change }]
    expect(stepOf(() => requests)()).toBe(requests)
  })

  it.each<[string, unknown, string]>([
    ['no slash', { path: 'x' }, 'path is "x": it must begin with /'],
    ['nothing', { path: '' }, 'path is "": it must begin with /'],
    ['no path', { path: undefined }, 'path is undefined, not a text'],
    ['an absolute URL', { path: 'https://a.example/x' }, 'path is "https://a.example/x": it is asked below'],
    ['a space', { path: '/a b' }, 'path is "/a b": encodeURIComponent makes'],
    ['a line break at its end', { path: '/a\n' }, 'path is "/a\\n": encodeURIComponent makes'],
    ['a lone %', { path: '/100%' }, 'path is "/100%": a % of its own is written %25'],
    ['a fragment', { path: '/a#b' }, 'path is "/a#b": what follows # is never sent'],
    ['a header of two lines', { headers: { 'X-A': 'a\r\nX-B: b' } }, 'header X-A is "a\\r\\nX-B: b": it may'],
    ['a header without a name', { headers: { '': 'a' } }, 'header "" is no name that a header can have'],
    ['a header with a colon', { headers: { 'X-A:': 'a' } }, 'header "X-A:" is no name'],
    ['a header that is a number', { headers: { 'X-A': 5 } }, 'header X-A is 5, not a text'],
    ['headers that are none', { headers: 'X-A: a' }, 'headers are "X-A: a", not an object'],
    ['small letters', { method: 'get' }, 'method is "get": it must be GET, POST, PUT, PATCH, DELETE'],
    ['an object as its body', { body: { a: 1 } }, 'body is an object, not a text: JSON.stringify makes one'],
    ['a route without a limit', { route: 'GET /y' }, 'route "GET /y" has no limit in journey.limits'],
    ['a route of everything', { route: 'toString' }, 'route "toString" has no limit'],
    ['a status that is none', { expect: '200' }, 'expect is "200", not a status'],
    ['a keep that is none', { keep: true }, 'keep is true, not a function'],
  ])('names the step, the request and the field that cannot be sent: %s', (_, change, what) => {
    const asking = stepOf(() => [good, { ...good, ...(change as object) }])
    expect(asking).toThrow(Refused)
    expect(asking).toThrow(`step "look", request 2: ${what}`)
  })

  it.each<[string, unknown, string]>([
    ['nothing', () => undefined, 'step "look" returns undefined, not an array of requests'],
    ['one request', () => good, 'step "look" returns an object, not an array of requests'],
    ['a promise', async () => [good], 'step "look" returns a promise, not an array of requests'],
    ['holes', () => [null], 'step "look", request 1: is null, not a request'],
  ])('names a step that returns %s', (_, step, what) => {
    expect(stepOf(step)).toThrow(what)
  })

  it('names what throws, why, and where', () => {
    const fail = (): never => {
      throw new TypeError('no cart')
    }
    expect(stepOf(fail)).toThrow(/^step "look" throws TypeError: no cart \(.+checked\.test\.ts:\d+:\d+\)$/)
    const elsewhere = (): never => {
      const error = new TypeError('no cart')
      error.stack =
        'TypeError: no cart\n    at look (file:///a b/my journey.ts:4:12(33))\n    at swarm.ts:1:1'
      throw error
    }
    expect(stepOf(elsewhere)).toThrow('(/a b/my journey.ts:4:12)')
    expect(() => journeyOf({ start: fail }).start?.(visitor)).toThrow(/^start throws TypeError: no cart/)
    expect(() => journeyOf({ session: fail }).session?.(visitor, String)).toThrow(/^session throws TypeError/)
    const text = () => {
      throw 'no cart'
    }
    expect(stepOf(text)).toThrow('step "look" throws "no cart"')
  })

  it('names a session whose headers cannot be sent, and a mark that is none', () => {
    const session = () => ({ Cookie: 'a\nb' })
    expect(() => journeyOf({ session }).session?.(visitor, String)).toThrow(
      'session: header Cookie is "a\\nb"',
    )
    const marks = { own: () => '', any: /x/ }
    expect(() => journeyOf({ marks }).marks?.own(visitor)).toThrow('marks.own returns "", not a text')
  })
})
