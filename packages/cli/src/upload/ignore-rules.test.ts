import { expect, it } from 'vitest'
import { parseIgnoreRules } from './ignore-rules.ts'

const excludes = (rules: string, path: string) => parseIgnoreRules(rules).excludes(path)

it.each([
  ['*.pyc', 'a.pyc', true],
  ['*.pyc', 'deep/er/a.pyc', true],
  ['*.pyc', 'a.py', false],
  ['data', 'data', true],
  ['data', 'data/a.csv', true],
  ['data', 'x/data/a.csv', true],
  ['data', 'mydata/a.csv', false],
  ['data/', 'data', false],
  ['data/', 'data/a.csv', true],
  ['/data', 'data/a.csv', true],
  ['/data', 'x/data/a.csv', false],
  ['a/b', 'a/b/c', true],
  ['a/b', 'x/a/b', false],
  ['**/b', 'a/x/b', true],
  ['**/b', 'b', true],
  ['a/**', 'a/b/c', true],
  ['a/**', 'a', false],
  ['a/**/c', 'a/c', true],
  ['a/**/c', 'a/x/y/c', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['[ab].txt', 'a.txt', true],
  ['[!ab].txt', 'a.txt', false],
  ['[!ab].txt', 'c.txt', true],
  ['\\#x', '#x', true],
  ['# comment', '# comment', false],
  ['', 'a', false],
  ['trailing  ', 'trailing', true],
  ['a.b+c(d)', 'a.b+c(d)', true],
  ['a.b', 'axb', false],
])('the rule %j on %s: left out is %s', (rule, path, expected) => {
  expect(excludes(rule, path)).toBe(expected)
})

it('lets the last matching rule decide, also inside an excluded folder (as Azure ML, unlike git)', () => {
  const rules = '*\n!keep/\n!train.py\n*.log'
  expect(excludes(rules, 'other.py')).toBe(true)
  expect(excludes(rules, 'train.py')).toBe(false)
  expect(excludes(rules, 'keep/a.txt')).toBe(false)
  expect(excludes(rules, 'keep/a.log')).toBe(true)
})

it('says whether folders may be skipped', () => {
  expect(parseIgnoreRules('a\nb').prunes).toBe(true)
  expect(parseIgnoreRules('a\n!b').prunes).toBe(false)
})
