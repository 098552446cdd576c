import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runHere } from '../run-here.ts'
import { csv } from '../testing/laid-out.ts'
import type { TablePartRequest } from './part-of-table.ts'

const source = csv(
  [
    '"von ""wo""",時刻,n,ok',
    'AA,2026-03-01T00:00:00Z,1,true',
    "U'A,2026-03-01T12:00:00Z,2,false",
    'AA,2026-03-02T00:00:00Z,2.5,true',
    ',2026-03-03T00:00:00+09:00,3,',
  ].join('\n'),
)

async function part(more: Partial<TablePartRequest>): Promise<[number, unknown[]]> {
  const path = join(source.root, 'part.parquet')
  const found = await runHere({ kind: 'table-part', source, output: { folder: source.root, path }, ...more })
  const { rows } = await runHere({ kind: 'rows', source: { ...source, path }, limit: 10 })
  expect(rows).toHaveLength(found.rows)
  return [found.rows, rows.map(row => row[2])]
}

describe('part of a table', () => {
  it.each<[string, Partial<TablePartRequest>, unknown[]]>([
    ['of values, quotes in names and values', { segment: { column: 'von "wo"', values: ["U'A"] } }, [2]],
    ['of several values', { segment: { column: 'von "wo"', values: ['AA', 'nobody'] } }, [1, 2.5]],
    ['of numbers however they are written', { segment: { column: 'n', values: ['2.50', 1, 'x'] } }, [1, 2.5]],
    ['of truths', { segment: { column: 'ok', values: [false] } }, [2]],
    [
      'of a time, its end left out',
      { time: { column: '時刻', since: '2026-03-01T12:00:00Z', until: '2026-03-02T00:00:00Z' } },
      [2],
    ],
    [
      'of the newest, by the moment and not the text',
      { time: { column: '時刻', since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z', newest: 2 } },
      [3, 2.5],
    ],
    [
      'of both',
      {
        segment: { column: 'von "wo"', values: ['AA'] },
        time: { column: '時刻', since: '2026-03-01T12:00:00Z', until: '2027-01-01T00:00:00Z' },
      },
      [2.5],
    ],
  ])('%s', async (_, request, numbers) => {
    expect(await part(request)).toEqual([numbers.length, numbers])
  })

  it('tells the newest moment, and which columns there are', async () => {
    const time = { column: '時刻', since: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }
    const output = { folder: source.root, path: join(source.root, 'part.parquet') }
    expect(await runHere({ kind: 'table-part', source, time, output })).toMatchObject({
      newest: '2026-03-02T15:00:00.000Z',
    })
    await expect(part({ segment: { column: 'nothing', values: [1] } })).rejects.toMatchObject({
      kind: 'invalid',
      details: [{ property: 'data_segment.feature_name', sent: 'nothing', allowed: ['von "wo"', '時刻', 'n', 'ok'] }],
    })
  })
})
