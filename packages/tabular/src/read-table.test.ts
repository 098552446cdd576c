import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runHere } from './run-here.ts'
import { laidOut } from './testing/laid-out.ts'

interface Case {
  name: string
  files: Record<string, string>
  mltable: string
  columns?: string[]
  types?: Record<string, string>
  rows?: unknown[][]
  error?: string
}
/** The same cases that the reader inside jobs is held to. */
const cases: Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../python/tests/mltable_cases.json'), 'utf8'),
)

const rowsOf = (folder: string, path = '') =>
  runHere({ kind: 'rows', source: { name: 'it', path: join(folder, path), root: folder }, limit: 1000 })

describe('MLTable folders', () => {
  it.each(cases.map(one => [one.name, one] as const))('%s', async (_name, { files, mltable, ...expected }) => {
    const folder = laidOut({ ...files, MLTable: mltable })
    if (expected.error !== undefined) {
      await expect(rowsOf(folder)).rejects.toThrow(expected.error)
      return
    }
    const { columns, rows } = await rowsOf(folder)
    expect(rows).toEqual(JSON.parse(JSON.stringify(expected.rows).replaceAll('{root}/', '')))
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toMatchObject(expected.types ?? {})
    if (expected.columns !== undefined) expect(columns.map(({ name }) => name)).toEqual(expected.columns)
  })
})

const delimited = (options = '') =>
  `paths:\n- file: a.csv\ntransformations:\n- read_delimited:\n    encoding: utf8\n${options}`

describe('delimited files', () => {
  it.each([
    ['latin1', Buffer.from('x\ncaf\xe9\n', 'latin1')],
    ['windows-1252', Buffer.from('x\ncaf\xe9\n', 'latin1')],
    ['utf16', Buffer.from('\ufeffx\ncaf\u00e9\n', 'utf16le')],
    ['ascii', Buffer.from('x\ncaf\u00e9\n')],
  ])('are read in the encoding %s', async (encoding, content) => {
    const mltable = delimited().replace('utf8', encoding)
    const { columns, rows } = await rowsOf(laidOut({ 'a.csv': content, MLTable: mltable }))
    expect([columns[0]?.name, rows]).toEqual(['x', [['caf\u00e9']]])
  })
  it('of another encoding are refused with the name of the file', async () => {
    const folder = laidOut({ 'a.csv': Buffer.from([0x78, 0x0a, 0xff, 0x0a]), MLTable: delimited() })
    await expect(rowsOf(folder)).rejects.toThrow(/not utf-8 encoded.*a\.csv|a\.csv.*not utf-8 encoded/i)
  })
  it('with a line that is too long are refused without repeating it', async () => {
    const folder = laidOut({ 'a.csv': Buffer.from(`a,b\n${'x'.repeat(5_000_000)},2\n`), MLTable: delimited() })
    const refusal = await rowsOf(folder).then(
      () => undefined,
      (error: Error) => error.message,
    )
    expect(refusal).toContain('a.csv')
    expect(refusal?.length).toBeLessThan(500)
  })
  it('with rows wider than the header get columns for them', async () => {
    const { columns, rows } = await rowsOf(laidOut({ 'a.csv': 'i,j\n1,2,9\n3\n', MLTable: delimited() }))
    expect(columns.map(({ name }) => name)).toEqual(['i', 'j', 'Column3'])
    expect(rows).toEqual([
      [1, 2, 9],
      [3, null, null],
    ])
  })
  it('without a line are a table without columns', async () => {
    expect(await rowsOf(laidOut({ 'a.csv': '', MLTable: delimited() }))).toEqual({ columns: [], rows: [] })
  })
  it('keep names that would mean something to SQL', async () => {
    const { columns } = await rowsOf(laidOut({ "it's.csv": `"a""b","'; drop table x; --"\n1,2\n` }), "it's.csv")
    expect(columns.map(({ name }) => name)).toEqual(['a"b', "'; drop table x; --"])
  })
  it('hold whole numbers beyond 2^53 exactly', async () => {
    const { rows } = await rowsOf(laidOut({ 'a.csv': 'x\n9007199254740993\n' }), 'a.csv')
    expect(rows).toEqual([['9007199254740993']])
  })
})

describe('what is no table, or leads out of the data', () => {
  it.each([
    ['../secret.csv', 'leads out'],
    ['/etc/passwd', 'no file'],
    ['azureml://datastores/x/paths/y.csv', 'lies elsewhere'],
    ['https://example.com/a.csv', 'lies elsewhere'],
  ])('is refused: %s', async (file, message) => {
    const folder = laidOut({
      'in/MLTable': `paths:\n- file: '${file}'\ntransformations:\n- read_delimited\n`,
      'secret.csv': 'x\n1\n',
    })
    await expect(rowsOf(join(folder, 'in'))).rejects.toThrow(message)
  })
  it('is refused: a link out of the folder', async () => {
    const folder = laidOut({ MLTable: 'paths:\n- file: a.csv\ntransformations:\n- read_delimited\n' })
    writeFileSync(`${folder}.csv`, 'x\n1\n')
    symlinkSync(`${folder}.csv`, join(folder, 'a.csv'))
    await expect(rowsOf(folder)).rejects.toThrow(/link out/)
  })
  it('is refused: a folder of several kinds of files, and of none', async () => {
    await expect(rowsOf(laidOut({ 'a.csv': 'x\n1\n', 'b.parquet': '' }))).rejects.toThrow('files of .csv and .parquet')
    await expect(rowsOf(laidOut({ 'a.png': '' }))).rejects.toThrow('no file of a known ending')
  })
  it('is refused: a file that is not what its ending says', async () => {
    await expect(rowsOf(laidOut({ 'a.parquet': 'x,y' }), 'a.parquet')).rejects.toMatchObject({ kind: 'invalid' })
  })
})
