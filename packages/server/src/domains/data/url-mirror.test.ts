import { describe, expect, it } from 'vitest'
import { buildUrlMirror, urlMirrorRules } from './url-mirror.ts'

describe('a mirror of public addresses', () => {
  const mirror = buildUrlMirror({
    'https://files.example.com/': '/srv/mirror',
    'https://files.example.com/big/': 'http://10.0.0.7:8080/copies/',
  })

  it('reads a folder in place of a prefix, and the longest prefix wins', () => {
    expect(mirror.find('https://files.example.com/a/b%20c.csv?x=1')).toEqual({
      kind: 'path',
      root: '/srv/mirror',
      path: 'a/b c.csv',
    })
    expect(mirror.find('https://files.example.com/big/x.csv')).toEqual({
      kind: 'url',
      url: 'http://10.0.0.7:8080/copies/x.csv',
    })
    expect(mirror.find('https://files.example.community/a.csv')).toBeUndefined()
  })
  it.each([
    'wasbs://set@files.example.com/iris.csv',
    'wasb://set@files.example.com/iris.csv',
    'abfss://set@files.example.com/iris.csv',
    'https://files.example.com/set/iris.csv',
  ])('knows that %s is the same content', uri => {
    expect(mirror.find(uri)).toEqual({ kind: 'path', root: '/srv/mirror', path: 'set/iris.csv' })
  })
  it('takes a container without a path as its folder', () => {
    expect(mirror.find('wasbs://set@files.example.com/')).toMatchObject({ path: 'set' })
    expect(mirror.find('wasbs://set@files.example.com')).toMatchObject({ path: 'set' })
  })
  it('gives programs an address that they can open', () => {
    expect(mirror.addressOf('https://files.example.com/a b.csv')).toBe('file:///srv/mirror/a%20b.csv')
    expect(mirror.addressOf('https://files.example.com/big/x.csv')).toBe('http://10.0.0.7:8080/copies/x.csv')
    expect(mirror.addressOf('hello')).toBeUndefined()
  })
  it.each(['https://files.example.com/../../etc/passwd', 'https://files.example.com/%2e%2e/secret'])(
    'refuses %s, which leads out of the folder',
    uri => expect(() => mirror.find(uri)).toThrow('leads out of it'),
  )
})

describe('the setting url_mirror', () => {
  it('is a mapping, or rules divided by commas and line ends', () => {
    const rules = { 'https://a.example/x/': '/srv/a,b', 'wasbs://c@d.example/': 'https://m.example/c/' }
    expect(urlMirrorRules(rules)).toEqual(rules)
    expect(urlMirrorRules('https://a.example/x/=/srv/a,b, wasbs://c@d.example/=https://m.example/c/')).toEqual(rules)
    expect(urlMirrorRules('')).toEqual({})
  })
  it.each([
    ['https://a.example/x/', 'the `=`'],
    ['a.example/=/srv', 'the prefix'],
    ['https://a.example/=relative', 'the target'],
    ['https://a.example=/srv', 'the prefix'],
  ])('refuses %s', (text, what) => expect(() => urlMirrorRules(text)).toThrow(what))
})
