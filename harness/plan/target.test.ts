import { describe, expect, it } from 'vitest'
import { assertForBrowser, originOf, targetOf } from './target.ts'

describe('the address of a target', () => {
  it.each([
    ['https://shop.example', 'https://shop.example'],
    ['https://shop.example/', 'https://shop.example'],
    ['https://shop.example:443/app//', 'https://shop.example/app'],
    ['http://shop.example:8080/a%20b/../app', 'http://shop.example:8080/app'],
    ['http://[::1]:41603', 'http://[::1]:41603'],
    ['http://me:word@shop.example/app', 'http://shop.example/app'],
  ])('is what paths are asked below: %s', (address, origin) => {
    expect(targetOf(address).origin).toBe(origin)
  })

  it.each([
    ['https://me:word@shop.example', 'me:word'],
    ['https://me@shop.example', 'me:'],
    ['https://m%40e:w%3A%25ö@shop.example', 'm@e:w:%ö'],
    ['https://:word@shop.example', ':word'],
  ])('lets in by its user info: %s', (address, pair) => {
    const basic = `Basic ${Buffer.from(pair).toString('base64')}`
    expect(targetOf(address, '--target', true).access).toEqual({ authorization: basic, insecure: true })
  })

  it('lets in without any', () => {
    expect(targetOf('https://shop.example').access).toEqual({ authorization: '', insecure: false })
  })

  it.each([
    ['staging', /--target staging is no URL/],
    ['ftp://shop.example', /is no URL/],
    ['https://shop.example/?a=1', /has a query or a fragment/],
    ['https://shop.example/?', /has a query or a fragment/],
    ['https://shop.example/#top', /has a query or a fragment/],
    ['https://me:100%@shop.example', /user info of --target cannot be sent.*%25/],
    ['https://a%3Ab:word@shop.example', /user info of --target cannot be sent.*colon/],
  ])('is refused: %s', (address, problem) => {
    expect(lineOf(() => targetOf(address))).toMatch(problem)
  })

  it.each([
    'https://me:geheim@shop.example/?a=1',
    'https://me:geh/geheim@shop.example',
    'ftp://me:geheim@shop.example',
    'https://geheim:100%@shop.example',
    'https://geheim@shop.example/?a=1',
    'me:geheim@127.0.0.1:41601',
    'me:ge@geheim@127.0.0.1:41601',
    'https:me:geheim@shop.example/?a=1',
    'http:/me:geheim@shop.example/?q',
    'http:\\\\me:geheim@shop.example/#x',
  ])('is refused without telling its user info: %s', (address) => {
    expect(lineOf(() => targetOf(address))).not.toContain('geheim')
  })

  it('is refused with user info where it is written for others', () => {
    expect(lineOf(() => originOf('https://me:geheim@shop.example'))).toMatch(/\*\*\*@shop.* holds user info/)
    expect(originOf('https://shop.example/app')).toBe('https://shop.example/app')
  })

  it('is refused to a real browser with what that does not know', () => {
    const asked = (address: string, insecure = false) =>
      lineOf(() => assertForBrowser(targetOf(address, '--target', insecure), '--target'))
    expect(asked('https://shop.example')).toBe('')
    expect(asked('https://shop.example/app')).toMatch(/has a base path/)
    expect(asked('https://me:geheim@shop.example')).toMatch(/https:\/\/shop\.example has user info/)
    expect(asked('https://shop.example', true)).toMatch(/--insecure/)
  })
})

function lineOf(act: () => unknown): string {
  try {
    act()
    return ''
  } catch (error) {
    return (error as { line: string }).line
  }
}
