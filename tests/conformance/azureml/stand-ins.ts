/** A data asset that examples name and no checkout holds: content of the same shape. */
interface StandIn {
  readonly name: string
  readonly type: 'uri_folder' | 'mltable'
  readonly files: Readonly<Record<string, string>>
}

const months = [1, 2, 3, 4, 5, 6]
const creditRows = 2000

/**
 * A row like those of "default of credit card clients" (UCI, 2016), which the notebook of the monitoring example downloads:
 * the same columns and kinds of numbers, none of its values.
 */
export function creditRow(n: number): Record<string, number> {
  const spread = (key: number, size: number): number => (n * 7919 + key * 104_729 + n * n * key) % size
  const each = (name: string, value: (month: number) => number): [string, number][] =>
    months.map(month => [`${name}${month}`, value(month)])
  return {
    LIMIT_BAL: 10_000 + 10_000 * spread(1, 50),
    SEX: 1 + spread(2, 2),
    EDUCATION: 1 + spread(3, 4),
    MARRIAGE: 1 + spread(4, 3),
    AGE: 21 + spread(5, 50),
    ...Object.fromEntries(
      each('PAY_', month => spread(10 + month, 6) - 2).map(([name, value]) => [
        name === 'PAY_1' ? 'PAY_0' : name,
        value,
      ]),
    ),
    ...Object.fromEntries(each('BILL_AMT', month => spread(20 + month, 90_000))),
    ...Object.fromEntries(each('PAY_AMT', month => spread(30 + month, 9_000))),
  }
}

function creditTable(): string {
  const rows = Array.from({ length: creditRows }, (_, n) => {
    const row = creditRow(n)
    return {
      ...row,
      DEFAULT_NEXT_MONTH: Number((row.PAY_0 ?? 0) + (row.PAY_2 ?? 0) > 2),
      TIMESTAMP: '2026-01-01T00:00:00',
    }
  })
  const names = Object.keys(rows[0] ?? {})
  return [names.join(','), ...rows.map(row => Object.values(row).join(','))].join('\n')
}

const mltable = `type: mltable
paths:
  - pattern: ./*.csv
transformations:
  - read_delimited:
      delimiter: ','
      encoding: utf8
      header: all_files_same_headers
      infer_column_types: true
      include_path_column: false
`

export const standIns: readonly StandIn[] = [
  { name: 'credit-default-reference', type: 'mltable', files: { MLTable: mltable, '01.csv': creditTable() } },
  { name: 'sampledata', type: 'uri_folder', files: { 'sample.csv': 'a,b\n1,2\n' } },
]
