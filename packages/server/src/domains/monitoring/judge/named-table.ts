import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { MonitorData } from '@hagane/contract'
import { ROW_TIME, type TablePart, type TablePartRequest, type TableSource } from '@hagane/tabular'
import type { Window } from '../windows.ts'
import type { Bench } from './bench.ts'
import { jobOfComponent } from './component-job.ts'

/** Azure ML's name for the output of a component that prepares data. */
const PREPARED = 'preprocessed_input_data'

/** A table that a signal names, so far as it is looked at. */
export interface NamedTable {
  readonly source: TableSource
  /** Digest of what it was made of, where it never changes. */
  readonly content?: string
  /** Time of the newest row, where rows have times. */
  readonly newest?: string
  readonly notes: readonly string[]
}

interface Naming {
  /** Of the run, for the job that prepares it. */
  readonly step: string
  readonly uri: string
  readonly data: MonitorData
  /** The time of the rows; undefined for all of them. */
  readonly window: Window | undefined
}

/**
 * Opens a table that a signal names. A component prepares it first where one is named, and is told the window as in Azure ML. Without
 * one, the rows of the window are taken by the column that `data_column_names.timestamp` names, or the time of what was collected.
 * Throws TryLater while the component works.
 */
export async function openNamed(bench: Bench, { step, uri, data, window }: Naming): Promise<NamedTable> {
  const { needs, about } = bench
  const component = data.pre_processing_component
  const path = component === undefined ? uri : await preparedBy(bench, { step, component, uri, data, window })
  const source = await needs.table(about.workspace, path)
  const { tree, path: within } = await needs.resolve(about.workspace, path)
  const content = `${tree}/${within}`
  const said = data.data_column_names?.timestamp
  if (window === undefined || (component !== undefined && said === undefined)) return { source, content, notes: [] }
  const { columns } = await bench.ask({ kind: 'rows', source, limit: 1 })
  const column = said ?? columns.find(({ name }) => name === ROW_TIME)?.name
  if (column === undefined) return { source, content, notes: asksForWindow(data) ? [noTimes(uri)] : [] }
  const { rows: newest } = window
  const time = {
    ...{ column, since: window.start.toISOString(), until: window.end.toISOString() },
    ...(newest === undefined ? {} : { newest }),
  }
  const { rows: _, source: part, ...more } = await partOf(bench, source, { time })
  return { source: part, notes: [], ...more }
}

const asksForWindow = (data: MonitorData): boolean =>
  data.data_window !== undefined || data.data_window_size !== undefined

const noTimes = (uri: string): string =>
  `all rows of ${uri} are judged: to take those of the window, name the column of their time in data_column_names.timestamp`

/** Has the component prepare the data, in a job that a run has once. Throws TryLater until it has ended. */
export async function preparedBy(
  bench: Bench,
  of: { step: string; component: string; uri: string; data: MonitorData; window: Window | undefined },
): Promise<string> {
  const { step, component, uri, data, window } = of
  const { start, end } = window ?? { start: new Date(0), end: bench.about.moment }
  const job = await jobOfComponent(bench, {
    ...{ step, component, output: PREPARED },
    inputs: {
      data_window_start: start.toISOString(),
      data_window_end: end.toISOString(),
      input_data: { type: data.input_data?.type ?? 'mltable', path: uri },
    },
  })
  return `azureml://jobs/${job.name}/outputs/${PREPARED}`
}

/** Some rows of a table, in a file that goes with the run. */
export async function partOf(
  bench: Bench,
  source: TableSource,
  which: Pick<TablePartRequest, 'segment' | 'time'>,
): Promise<TablePart & { readonly source: TableSource }> {
  const output = { folder: bench.folder, path: join(bench.folder, `part-${randomUUID()}.parquet`) }
  const part = await bench.ask({ kind: 'table-part', source, ...which, output })
  return { ...part, source: { name: source.name, path: output.path, root: bench.folder } }
}
