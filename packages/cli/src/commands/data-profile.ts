import { setTimeout as pause } from 'node:timers/promises'
import { type ColumnProfile, type DataProfile, dataProfileRoutes, HaganeError } from '@hagane/contract'
import { toggle } from '../grammar/flags.ts'
import { type Invocation, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { versionFlags, versionPart } from './asset-flags.ts'

const columns: readonly Column<ColumnProfile>[] = [
  ['Column', column => column.name],
  ['Type', column => column.type],
  ['Nulls', column => column.nulls],
  ['Distinct', column => column.distinct],
  ['Min', column => column.min],
  ['Max', column => column.max],
  ['Mean', column => column.mean?.toPrecision(6)],
  ['Std', column => column.std?.toPrecision(6)],
  ['Median', column => column.quantiles?.p50],
  [
    'Most frequent',
    column =>
      column.top
        .slice(0, 3)
        .map(({ value, count }) => `${value} (${count})`)
        .join(', '),
  ],
]
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 2000]

export const profile = verb({
  name: 'profile',
  summary: 'Rows, types and what the columns of a data version hold',
  description: 'Computed once for each version, in the background after it was created or when it is first asked for.',
  examples: [
    'hagane data profile -n flights -v 1',
    'hagane data profile -n flights --query "columns[?nulls>`0`].name"',
  ],
  flags: { ...versionFlags, refresh: toggle('--refresh', 'compute it again') },
  run: async (call, options) => {
    const params = { name: options.name, version: versionPart(options) }
    let found = await ask(call, params, options.refresh)
    for (let wait = FIRST_PAUSE_MS; found.status === 'pending'; wait = Math.min(LONGEST_PAUSE_MS, wait * 2)) {
      await pause(wait)
      found = await ask(call, params, false)
    }
    if (found.profile === undefined)
      throw new HaganeError('invalid', `${options.name}: ${found.error ?? 'there is no profile'}`, {
        hint: 'a table is a CSV, Parquet or JSON lines file, a folder of such, or a folder with a file named MLTable',
      })
    const isTable = call.globals.output === 'table' || (!call.resultIsWanted && call.surroundings.stdout.isTTY === true)
    if (!isTable) return call.print(found.profile)
    call.note(`${found.profile.rows} rows`)
    await call.print(found.profile.columns, columns)
  },
})

const ask = (call: Invocation, params: { name: string; version: string }, again: boolean): Promise<DataProfile> =>
  call.client.call(dataProfileRoutes.profile, { params, query: { refresh: again ? 'true' : 'false' } })
