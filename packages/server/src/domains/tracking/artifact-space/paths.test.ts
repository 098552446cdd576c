import { describe, expect, it } from 'vitest'
import { appendToLocation, artifactUri, checkArtifactLocation, pathOfUri } from './locations.ts'
import { checkedArtifactPath } from './paths.ts'

describe('an artifact path', () => {
  it.each(['a', 'a/b.txt', 'dir with space/ü+%.txt', 'a%20b', 'a..b/..c', '100%', 'a#b?c', '日本/語'])(
    'may be %j',
    path => {
      expect(checkedArtifactPath(path)).toBe(path)
    },
  )

  it.each([
    '..',
    '../a',
    'a/../b',
    './a',
    'a/./b',
    '/a',
    'a//b',
    'C:/a',
    'c:a',
    'a\\..\\b',
    'a\0b',
    '',
    '%2e%2e/a',
    '%252e%252e%252fa',
    'a/%2e%2e/b',
    '%2fetc/passwd',
    '..%2fa',
    '%00',
    'x'.repeat(2001),
    `%${'25'.repeat(12)}2e%2e`,
  ])('may not be %j', path => {
    expect(() => checkedArtifactPath(path)).toThrow('Invalid path')
  })

  it('loses a trailing slash and may be empty where the root is meant', () => {
    expect(checkedArtifactPath('a/')).toBe('a')
    expect(checkedArtifactPath('', true)).toBe('')
    expect(checkedArtifactPath('.', true)).toBe('')
  })
})

describe('an artifact location', () => {
  it('keeps its query behind the appended path', () => {
    expect(appendToLocation('s3://b/p?x=1', 'r', 'artifacts')).toBe('s3://b/p/r/artifacts?x=1')
    expect(appendToLocation('mlflow-artifacts:/3', 'r', 'artifacts')).toBe('mlflow-artifacts:/3/r/artifacts')
  })

  it('turns into a path and back', () => {
    const path = 'models/my model/1/ü#?.txt'
    expect(pathOfUri(artifactUri(path))).toBe(path)
    expect(pathOfUri('mlflow-artifacts://host:7700/3/r/artifacts/')).toBe('3/r/artifacts')
    expect(pathOfUri('s3://b/p')).toBeUndefined()
    expect(() => pathOfUri('mlflow-artifacts:/3/../4')).toThrow('Invalid path')
  })

  it.each([
    's3://bucket/path',
    'wasbs://c@a.blob.core.windows.net/p',
    'my_location',
    'mlflow-artifacts:/team',
    's3://b/p?x=1',
  ])('may be %s', location => {
    expect(() => checkArtifactLocation(location)).not.toThrow()
  })

  it.each([
    ['s3://b/p#x', "can't include fragments or params"],
    ['s3://b/p;x=1', "can't include fragments or params"],
    ['s3://b/../c', "must not contain '..'"],
    ['s3://b/%2e%2e/c', "must not contain '..'"],
    ['s3://b?path=../c', "must not contain '..'"],
    ['runs:/a/b', "cannot be a 'runs:' URI"],
    ['mlflow-artifacts:/models/x', 'kept for registered models'],
    [`s3://${'x'.repeat(2050)}`, 'exceeds the maximum length of 2048'],
  ])('may not be %s', (location, message) => {
    expect(() => checkArtifactLocation(location)).toThrow(message)
  })
})
