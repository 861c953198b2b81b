import { describe, expect, it } from 'vitest'
import { proxyFor } from './proxy.ts'

describe('the proxy of a target', () => {
  const env = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://tls:3129' }

  it('is the one of its protocol, in large letters or small', () => {
    expect(proxyFor('http://shop.example/', env)).toBe('http://plain:3128')
    expect(proxyFor('https://shop.example/', env)).toBe('http://tls:3129')
    expect(proxyFor('https://shop.example/', { https_proxy: 'small:1' })).toBe('http://small:1')
    expect(proxyFor('https://shop.example/', {})).toBe('')
  })

  it.each(['http://localhost:1', 'http://127.0.0.1:1', 'http://127.8.8.8', 'https://[::1]:1'])(
    'is none for this machine itself: %s',
    (url) => expect(proxyFor(url, env)).toBe(''),
  )

  it.each(['socks5://me:geheim@plain:1080', 'socks5h://plain:1080', 'SOCKS4://plain'])(
    'is refused where it is none of HTTP: %s',
    (proxy) => {
      const refused = () => proxyFor('http://shop.example', { http_proxy: proxy })
      expect(refused).toThrow(/^HTTP_PROXY is a proxy of socks\w*:\/\/, which is not supported$/i)
      expect(proxyFor('http://shop.example', { http_proxy: proxy, NO_PROXY: '*' })).toBe('')
    },
  )

  it.each([
    ['*', 'http://shop.example'],
    ['shop.example', 'http://shop.example:81'],
    ['shop.example', 'https://api.shop.example'],
    ['SHOP.example', 'http://shop.example'],
    ['other, shop.example', 'http://shop.example'],
    ['other shop.example', 'http://shop.example'],
    ['.shop.example', 'http://api.shop.example'],
    ['*.shop.example', 'http://api.shop.example'],
    ['shop.example:81', 'http://shop.example:81'],
    ['shop.example:443', 'https://shop.example'],
    ['10.0.0.0/8', 'http://10.1.2.3'],
    ['10.1.2.3', 'http://10.1.2.3:8080'],
    ['fd00::/8', 'http://[fd00::7]'],
    ['fd00::7', 'http://[fd00::7]:80'],
    ['[fd00::7]:80', 'http://[fd00::7]:80'],
  ])('is none where NO_PROXY is %s, for %s', (excluded, url) => {
    expect(proxyFor(url, { ...env, NO_PROXY: excluded })).toBe('')
    expect(proxyFor(url, { ...env, no_proxy: excluded })).toBe('')
  })

  it.each([
    ['shop.example', 'http://bookshop.example'],
    ['.shop.example', 'http://shop.example'],
    ['shop.example:82', 'http://shop.example:81'],
    ['10.0.0.0/8', 'http://11.1.2.3'],
    ['10.0.0.0/99', 'http://10.1.2.3'],
    ['10.0.0.0/8', 'http://10.shop.example'],
    ['10.0.0.0/8', 'http://[fd00::7]'],
  ])('stays where NO_PROXY is %s, for %s', (excluded, url) =>
    expect(proxyFor(url, { ...env, NO_PROXY: excluded })).toBe('http://plain:3128'),
  )
})
