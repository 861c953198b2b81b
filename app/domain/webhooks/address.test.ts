import { describe, expect, it } from 'vitest'
import { faultOfUrl, isPublic } from './address.ts'

describe('an address that webhooks may go to', () => {
  it.each(['8.8.8.8', '93.184.216.34', '1.1.1.1', '2606:4700::1111', '2a00:1450:4001::200e'])(
    'is a public one: %s',
    (address) => expect(isPublic(address)).toBe(true),
  )

  it.each([
    ['this machine', ['127.0.0.1', '127.8.9.1', '::1', '0.0.0.0', '0.1.2.3', '::']],
    [
      'a private network',
      ['10.0.0.1', '172.16.0.1', '172.31.255.254', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
    ],
    ['its link', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1']],
    ['a carrier', ['100.64.0.1', '100.127.255.254']],
    [
      'what clouds tell their machines',
      ['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', '168.63.129.16'],
    ],
    ['many', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    [
      'nobody yet, or examples',
      ['240.0.0.1', '192.0.0.192', '192.0.2.1', '198.18.0.1', '203.0.113.9', '2001:db8::1', '4000::1'],
    ],
    [
      'an IPv4 address, by a gateway',
      [
        '::ffff:127.0.0.1',
        '::ffff:8.8.8.8',
        '::127.0.0.1',
        '64:ff9b::7f00:1',
        '64:ff9b:1::a00:1',
        '2002:7f00:1::',
        '2001:0:7f00:1::',
        '::ffff:0:127.0.0.1',
      ],
    ],
    ['no address', ['', 'localhost', '0x7f000001', '2130706433', '127.1']],
  ])('is none of %s', (_, addresses) => {
    for (const address of addresses) expect([address, isPublic(address)]).toEqual([address, false])
  })

  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com/a?b=c',
    'https://hooks.example.com:8443/',
    'https://hooks.example.com:443/',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
  ])('may be written as %s', (url) => expect(faultOfUrl(url, false)).toBeNull())

  const elsewhere = 'must lead to a public address'
  it.each([
    ['https://127.0.0.1/', elsewhere],
    ['https://2130706433/', elsewhere],
    ['https://017700000001/', elsewhere],
    ['https://0177.0.0.1/', elsewhere],
    ['https://0x7f.0.0.1/', elsewhere],
    ['https://0x7f000001/', elsewhere],
    ['https://127.1/', elsewhere],
    ['https://127.0.0.1./', elsewhere],
    ['https://①②⑦.⓪.⓪.①/', elsewhere],
    ['https://0/', elsewhere],
    ['https://[::]/', elsewhere],
    ['https://[::1]/', elsewhere],
    ['https://[::ffff:127.0.0.1]/', elsewhere],
    ['https://[::ffff:7f00:1]/', elsewhere],
    ['https://[64:ff9b::127.0.0.1]/', elsewhere],
    ['https://169.254.169.254/latest/meta-data', elsewhere],
    ['https://localhost/', elsewhere],
    ['https://LOCALHOST./', elsewhere],
    ['https://redis.localhost/', elsewhere],
    ['https://metadata.google.internal/', elsewhere],
    ['https://postgres/', elsewhere],
    ['https://printer.local/', elsewhere],
    ['http://hooks.example.com/', 'must begin with https://'],
    ['https://hooks.example.com:22/', 'must not name a port other than 443 and 8443'],
    ['https://hooks.example.com:6379/', 'must not name a port other than 443 and 8443'],
    ['https://me:secret@hooks.example.com/', 'must hold no user name or password'],
    ['https://hooks.example.com/#part', 'must not hold a #'],
    ['ftp://hooks.example.com/', 'must be an address that begins with https://'],
    ['file:///etc/passwd', 'must be an address that begins with https://'],
    ['hooks.example.com', 'must be an address that begins with https://'],
    ['https://', 'must be an address that begins with https://'],
  ])('may not be written as %s', (url, fault) => expect(faultOfUrl(url, false)).toContain(fault))

  it('is any, for who develops; what is no address stays none', () => {
    expect(faultOfUrl('http://127.0.0.1:4000/hook', true)).toBeNull()
    expect(faultOfUrl('ftp://127.0.0.1/', true)).not.toBeNull()
  })
})
