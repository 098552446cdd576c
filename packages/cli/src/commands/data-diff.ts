import { type DataDiff, dataProfileRoutes } from '@hagane/contract'
import { count, list } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'
import { type Invocation, verb } from '../invocation.ts'
import { type Difference, differenceColumns } from '../output/differences.ts'
import { namedTable, onServer } from './data-tables.ts'

export const diff = verb({
  name: 'diff',
  summary: 'What changed between two tables, by columns and by rows',
  description:
    'With --key rows are matched by those columns, and what changed in them is shown. Without it whole rows are compared. Local paths are compared on this machine, without a server.',
  examples: ['hagane data diff flights:1 flights:2', 'hagane data diff flights:1 flights:2 --key id -o table'],
  argument: { spelling: '<tables...>', summary: 'two of: <name>:<version>, a path, an azureml:// address' },
  flags: {
    key: list('--key <columns...>', 'columns that name a row'),
    sample: count('--sample <n>', 'how many differing rows to show (default: 20)'),
  },
  run: async (call, options) => {
    const [left, right, more] = call.args
    if (left === undefined || right === undefined || more !== undefined)
      throw new UsageError('data diff needs two tables', 'hagane data diff flights:1 flights:2')
    const found = await compared(call, left, right, { key: options.key, sample: options.sample ?? 20 })
    if (call.globals.output === 'table' || (!call.resultIsWanted && call.surroundings.stdout.isTTY === true)) {
      call.note(summary(found))
      await call.print(differences(found), differenceColumns)
    } else await call.print(found)
  },
})

async function compared(
  call: Invocation,
  left: string,
  right: string,
  how: { key: string[]; sample: number },
): Promise<DataDiff> {
  const { cwd } = call.surroundings
  const [before, after] = [namedTable(left, cwd, 'left'), namedTable(right, cwd, 'right')]
  if (before.form === 'here' && after.form === 'here') {
    const { runTabular } = await import('@hagane/tabular')
    return runTabular({ kind: 'diff', left: before.source, right: after.source, ...how })
  }
  const body = { left: await onServer(call, before), right: await onServer(call, after), ...how }
  return call.client.call(dataProfileRoutes.diff, { body })
}

const summary = ({ equal, rows, left, right }: DataDiff): string =>
  equal
    ? `${left.name} and ${right.name} are equal: ${left.rows} rows`
    : `rows: ${rows.added} added, ${rows.removed} removed, ${rows.changed} changed, ${rows.unchanged} unchanged`

function differences({ columns: changes, sample, changed_columns: changedColumns }: DataDiff): Difference[] {
  return [
    ...changes.removed.map(({ name, type }) => ({ what: 'column removed', name, before: type, after: '' })),
    ...changes.added.map(({ name, type }) => ({ what: 'column added', name, before: '', after: type })),
    ...changes.changed.map(({ name, from, to }) => ({ what: 'type changed', name, before: from, after: to })),
    ...Object.entries(changedColumns).map(([name, rows]) => ({
      what: 'values changed',
      name,
      before: '',
      after: `${rows} rows`,
    })),
    ...sample.map(({ change, before, after }) => ({
      what: `row ${change}`,
      name: '',
      before: before === undefined ? '' : JSON.stringify(before),
      after: after === undefined ? '' : JSON.stringify(after),
    })),
  ]
}
