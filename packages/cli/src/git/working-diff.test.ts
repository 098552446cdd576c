import { describe, expect, it } from 'vitest'
import { safeDiff } from './working-diff.ts'

const file = (path: string, line: string) =>
  `diff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-x = 1\n+${line}\n`

describe('the diff of a working folder', () => {
  it('is kept as it is', () => {
    const diff = file('train.py', 'x = 2')
    expect(safeDiff(diff)).toEqual({ text: diff, withheld: [], cut: false })
    expect(safeDiff('')).toEqual({ text: '', withheld: [], cut: false })
  })

  it.each([
    ['config.py', 'PASSWORD = "hunter2hunter2"'],
    ['settings.ini', 'db_password = hunter2hunter2'],
    ['aws.py', 'key = "AKIAABCDEFGHIJKLMNOP"'],
    ['key.txt', '-----BEGIN RSA PRIVATE KEY-----'],
    ['store.yml', 'connection: DefaultEndpointsProtocol=https;AccountKey=abcdefghijklmnopqrstuvwxyz0123=='],
    ['.env', 'A=1'],
    ['certs/server.pem', 'x'],
  ])('leaves out %s, which seems to hold a secret, and names it', (path, line) => {
    const other = file('train.py', 'x = 2')
    expect(safeDiff(file(path, line) + other)).toEqual({ text: other, withheld: [path], cut: false })
  })

  it('leaves out a file that was, or becomes, one for secrets, and one with a secret in a line beside the change', () => {
    const renamed = (from: string, to: string) => `diff --git a/${from} b/${to}\nrename from ${from}\nrename to ${to}\n`
    const beside = file('a.ini', 'x = 2').replace('-x = 1', ' db_password = hunter2hunter2\n-x = 1')
    const quoted = file('x', 'A=1').replace('a/x b/x', '"a/t\\tx/.env" "b/t\\tx/.env"')
    const diff = renamed('.env', 'env.txt') + renamed('e.txt', 'sub/.env') + beside + quoted
    expect(safeDiff(diff)).toEqual({ text: '', withheld: ['env.txt', 'sub/.env', 'a.ini', 't\\tx/.env'], cut: false })
  })

  it('does not take a word for a secret', () => {
    const diff =
      file('train.py', 'token = tokens[0]  # next token') +
      file('b.py', 'token = tokenizer') +
      file('a.yml', 'password: ${PASSWORD}')
    expect(safeDiff(diff).withheld).toEqual([])
  })

  it('is cut at the end of a line when it is long', () => {
    const { text, cut } = safeDiff(file('big.txt', 'y\n+'.repeat(600_000)))
    expect(cut).toBe(true)
    expect(text.length).toBeLessThanOrEqual(1_000_001)
    expect(text.endsWith('\n')).toBe(true)
  })
})
