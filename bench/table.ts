import { keepsTarget, type Row, type Target, timesBetter } from './bench.ts'

const heads = ['work', 'ours', 'peer', 'ratio', 'target', '', '']

/** The rows as text in columns, for a terminal. */
export function formatTable(rows: readonly Row[]): string {
  const cells = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...cells.map(line => (line[column] ?? '').length)))
  return cells
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cellsOf(row: Row): string[] {
  const times = timesBetter(row)
  const kept = keepsTarget(row)
  const more = row.peerIsMore ? '> ' : ''
  return [
    row.work,
    figure(row.ours, row.unit),
    row.peer === undefined ? '–' : `${more}${figure(row.peer, row.unit)} (${row.peerName ?? 'peer'})`,
    times === undefined ? '–' : `${more}${number(times)}×`,
    targetText(row.target, row.unit),
    kept === undefined ? '' : kept ? 'kept' : 'missed',
    row.note ?? '',
  ]
}

function targetText(target: Target | undefined, unit: Row['unit']): string {
  if (target === undefined) return '–'
  const times = target.times === undefined ? [] : [`≥ ${target.times}×`]
  const sign = unit.endsWith('/s') ? '≥' : '≤'
  const bound = target.bound === undefined ? [] : [`${sign} ${figure(target.bound, unit)}`]
  return [...times, ...bound].join(', ')
}

const figure = (value: number, unit: string): string => `${number(value).replace(/\.0$/, '')} ${unit}`

/** Three significant figures, whole above 100. */
const number = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2)
