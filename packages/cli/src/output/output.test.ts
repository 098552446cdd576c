import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { collector, surroundingsOf } from '../testing/run-cli.ts'
import { colourJson, colourYaml } from './colour.ts'
import { type Manner, render } from './print.ts'
import { compileQuery } from './query.ts'
import { drawTable, tableOf, tableOfAnything } from './table.ts'
import { tsv } from './tsv.ts'

const csi = '\u001b['
const plainManner: Manner = { format: undefined, query: undefined, likeAz: false }
const on = (terminal: boolean, env: Record<string, string> = {}) =>
  surroundingsOf({ terminal, env }, collector(terminal), collector(terminal))

describe('tsv, as az prints it', () => {
  it('prints a string raw and a list one item a line', () => {
    expect(tsv('https://x/y', true)).toBe('https://x/y\n')
    expect(tsv(['a', 2, true, null], true)).toBe('a\n2\ntrue\nNone\n')
  })

  it('joins the values of an object with tabs: sorted keys, or the order of the query', () => {
    const row = { name: 'a', age: 1 }
    expect(tsv([row], false)).toBe('1\ta\n')
    expect(tsv([row], true)).toBe('a\t1\n')
  })

  it('shows a list inside as its length, an object as nothing, words as Python does', () => {
    expect(tsv([{ a: [1, 2], b: {}, c: null, d: false }], true)).toBe('2\t\tNone\tFalse\n')
  })

  it('prints nothing for an empty list', () => {
    expect(tsv([], false)).toBe('')
  })
})

describe('table', () => {
  it('aligns columns also for wide characters, without blanks at line ends', () => {
    const rows = [
      ['日本', 'x'],
      ['a', 'long value'],
    ]
    expect(drawTable(['Name', 'Value'], rows)).toBe('Name  Value\n----  ----------\n日本  x\na     long value\n')
  })

  it('shows scalar fields of anything, without id, type and etag', () => {
    const value = [
      { id: 1, name: 'a', tags: {}, none: null },
      { name: 'b', size: 2 },
    ]
    expect(tableOfAnything(value)).toBe('Name  Size\n----  ----\na\nb     2\n')
    expect(tableOfAnything('x')).toBe('Result\n------\nx\n')
    expect(tableOfAnything([['a', 1]])).toContain('Column1  Column2')
  })

  it('makes hostile text harmless and keeps a row on one line', () => {
    const drawn = tableOf([{ name: `a${csi}31mb\u0007\nc` }], [['Name', row => row.name]])
    expect(drawn).toBe('Name\n----\nab c\n')
  })

  it('keeps the headings when there is nothing to show', () => {
    expect(tableOf([], [['Name', () => '']])).toBe('Name\n')
  })

  it('cuts long cells where a limit is given', () => {
    expect(drawTable(['A'], [['x'.repeat(20)]], 5)).toContain('xxxx…')
  })
})

describe('query', () => {
  it('selects with JMESPath', async () => {
    const query = await compileQuery("[?status=='Failed'].{Name:name}")
    expect(
      query([
        { name: 'a', status: 'Failed' },
        { name: 'b', status: 'Completed' },
      ]),
    ).toEqual([{ Name: 'a' }])
  })

  it('takes bare words in backticks as literals, as az does', async () => {
    expect((await compileQuery('[?name==`a`] | [0].name'))([{ name: 'a' }])).toBe('a')
  })

  it('refuses a broken expression before anything else happens', async () => {
    await expect(compileQuery('a[')).rejects.toMatchObject({ name: 'UsageError', message: /^--query: / })
  })

  it('names a mistake that shows only on the data', async () => {
    const query = await compileQuery('length(a)')
    expect(() => query({ a: 1 })).toThrow(expect.objectContaining({ name: 'UsageError' }))
  })
})

describe('rendering', () => {
  const job = { name: 'a', status: 'Completed' }

  it('is JSON with two blanks when stdout is not a terminal', async () => {
    expect(await render(job, plainManner, on(false))).toBe('{\n  "name": "a",\n  "status": "Completed"\n}\n')
  })

  it('is YAML for one thing and a table for several on a terminal', async () => {
    expect(await render(job, plainManner, on(true, { NO_COLOR: '1' }))).toBe('name: a\nstatus: Completed\n')
    expect(await render([job], plainManner, on(true), [['Name', row => (row as typeof job).name]])).toBe(
      'Name\n----\na\n',
    )
    expect(await render([], plainManner, on(true))).toBe('nothing to list\n')
  })

  it('is JSON also on a terminal when called as az ml', async () => {
    expect(await render([job], { ...plainManner, likeAz: true }, on(true))).toMatch(/^\[\n {2}\{/)
  })

  it('prints nothing for null, as az does', async () => {
    expect(await render(null, plainManner, on(false))).toBe('')
    expect(await render(job, { ...plainManner, query: () => null }, on(false))).toBe('')
  })

  it.each([
    ['json', '{\n  "a": 1\n}\n'],
    ['jsonc', '{\n  "a": 1\n}\n'],
    ['yaml', 'a: 1\n'],
    ['yamlc', 'a: 1\n'],
    ['tsv', '1\n'],
    ['table', 'A\n-\n1\n'],
    ['none', ''],
  ] as const)('knows the format %s, without colours where nobody looks', async (format, expected) => {
    expect(await render({ a: 1 }, { ...plainManner, format }, on(false))).toBe(expected)
  })

  it('uses the columns of the noun only without a query', async () => {
    const columns = [['Only', () => 'x']] as const
    const manner = { ...plainManner, format: 'table' } as const
    expect(await render([job], manner, on(false), columns)).toContain('Only')
    expect(await render([job], { ...manner, query: value => value }, on(false), columns)).toContain('Status')
  })

  it('colours on a terminal, and not with NO_COLOR', async () => {
    const manner = { ...plainManner, format: 'jsonc' } as const
    expect(await render({ a: 1 }, manner, on(true))).toContain(csi)
    expect(await render({ a: 1 }, manner, on(true, { NO_COLOR: '1' }))).not.toContain(csi)
  })
})

describe('colours', () => {
  const plain = (text: string) => stripVTControlCharacters(text)

  it('change nothing but the colour', () => {
    const json = JSON.stringify({ a: ['x"y', -1.5e3, true, null], 'b:c': {} }, null, 2)
    expect(plain(colourJson(json))).toBe(json)
    expect(colourJson(json)).not.toBe(json)
    const yaml = 'a: 1\nb:\n  - c: "x: y"\n'
    expect(plain(colourYaml(yaml))).toBe(yaml)
  })
})
