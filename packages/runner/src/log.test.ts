import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readLog, tail } from './index.ts'
import { freshFolder } from './testing/steps.ts'

function logged(text: string): string {
  const folder = freshFolder()
  writeFileSync(join(folder, 'log.txt'), text)
  return folder
}

it('a log is read by byte offsets, piece by piece', async () => {
  const folder = logged('hello 鋼 world')
  let offset = 0
  const parts: Buffer[] = []
  for (;;) {
    const part = await readLog(folder, offset, 4)
    if (part.bytes.length === 0) break
    expect(part.size).toBe(15)
    parts.push(part.bytes)
    offset = part.nextOffset
  }
  expect(Buffer.concat(parts).toString()).toBe('hello 鋼 world')
  expect(parts.length).toBe(4)
})

it('a log that is not there yet, and an offset behind its end, give nothing', async () => {
  expect(await readLog(freshFolder(), 5, 10)).toEqual({ bytes: Buffer.alloc(0), nextOffset: 5, size: 0 })
  expect(await readLog(logged('abc'), 7, 10)).toEqual({ bytes: Buffer.alloc(0), nextOffset: 7, size: 3 })
  expect(await tail(freshFolder(), 3)).toEqual([])
  expect(await tail(logged(''), 3)).toEqual([])
})

it('the tail is the last lines, with and without a final newline', async () => {
  expect(await tail(logged('a\nb\nc\n'), 2)).toEqual(['b', 'c'])
  expect(await tail(logged('a\nb\nc'), 2)).toEqual(['b', 'c'])
  expect(await tail(logged('a'), 5)).toEqual(['a'])
  expect(await tail(logged('a\n\n'), 5)).toEqual(['a', ''])
})

it('the tail of a long log spans blocks and cuts no character', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `鋼 line ${i}`)
  const folder = logged(lines.join('\n'))
  expect(await tail(folder, 10_000)).toEqual(lines.slice(-10_000))
  expect(await tail(folder, 1)).toEqual(lines.slice(-1))
})

it('the tail of one endless line is bounded', async () => {
  const [line] = await tail(logged('x'.repeat(3 * 2 ** 20)), 1)
  expect(line?.length).toBe(2 ** 20)
})

it('a progress bar counts as one line, as it was left', async () => {
  expect(await tail(logged('start\n10%\r50%\r100%\r\nend\n'), 5)).toEqual(['start', '100%', 'end'])
})
