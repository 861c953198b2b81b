import { expect, it } from 'vitest'
import { sessionTokenOf } from './cookie.ts'

const plain = 'authjs.session-token'
const secure = `__Secure-${plain}`

it.each([
  ['the only one', `${plain}=good`, 'good'],
  ['the first of two', `${plain}=good; ${plain}=bad`, 'good'],
  ['the first of two, be it bad', `${plain}=bad; ${plain}=good`, 'bad'],
  ['not the one that belongs to https', `${secure}=bad; ${plain}=good`, 'good'],
  ['a quoted one', `${plain}="good"`, 'good'],
  ['the one beside another that is encoded wrongly', `${plain}=good; other=%E0%A4%A`, 'good'],
  ['the one after another that is encoded wrongly', `other=%E0%A4%A; ${plain}=good`, 'good'],
  ['the one between what is no cookie', `x; ${plain}=good;;`, 'good'],
  ['none in a longer name', `x${plain}=bad; ${plain}.0=bad`, undefined],
  ['none in another one', `x=${plain}=bad`, undefined],
  ['none', '', undefined],
])('over http: %s', (_, header, token) => expect(sessionTokenOf(header, 'http://here')).toBe(token))

it.each([
  ['the one that only https can set', `${plain}=bad; ${secure}=good`, 'good'],
  ['none where only the plain one is', `${plain}=bad`, undefined],
])('over https: %s', (_, header, token) => expect(sessionTokenOf(header, 'https://here')).toBe(token))
