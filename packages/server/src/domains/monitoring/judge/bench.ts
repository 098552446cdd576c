import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  openReader,
  type ResultOf,
  type TableSource,
  type TabularReader,
  type TabularRequest,
  type WindowTable,
} from '@hagane/tabular'
import type { MonitoringNeeds } from '../needs.ts'
import type { Target } from '../plan.ts'
import type { Window } from '../windows.ts'
import type { Case } from './case.ts'

/** The rows of a window as a table on disk, with what each column is. */
export interface Rows {
  readonly source: TableSource
  readonly table: WindowTable
}

/** What the signals of one run share: a folder that is gone with it, and the windows that were laid out already. */
export interface Bench extends AsyncDisposable {
  readonly about: Case
  readonly needs: MonitoringNeeds
  readonly signal: AbortSignal
  readonly folder: string
  /** One process reads all tables of a run, when nobody else wants the processor. */
  readonly reader: TabularReader
  /** Rows that a deployment answered in a window; with `labelled` those of which something was said in it. */
  rows(target: Target, window: Window, labelled?: boolean): Promise<Rows>
  ask<R extends TabularRequest>(request: R): Promise<ResultOf<R>>
}

/** How far back predictions are looked for that something was said of: collected data is kept as long by default. */
const LABEL_REACH_MS = 90 * 86_400_000

export async function openBench(needs: MonitoringNeeds, about: Case, signal: AbortSignal): Promise<Bench> {
  await mkdir(needs.workDir, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(needs.workDir, 'run-'))
  const laidOut = new Map<string, Promise<Rows>>()
  const reader = openReader({ signal, background: needs.background ?? true })
  return {
    ...{ about, needs, signal, folder, reader },
    rows(target, window, labelled = false) {
      const key = JSON.stringify([target, window, labelled])
      const known = laidOut.get(key) ?? layOut(needs, about, { target, window, labelled, folder, reader }, laidOut.size)
      laidOut.set(key, known)
      return known
    },
    ask: request => reader.ask(request),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(laidOut.values())
      await reader[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Order {
  target: Target
  window: Window
  labelled: boolean
  folder: string
  reader: TabularReader
}

async function layOut(needs: MonitoringNeeds, about: Case, order: Order, n: number): Promise<Rows> {
  const { target, window, labelled, folder, reader } = order
  const path = join(folder, `window-${n}.parquet`)
  const since = labelled ? new Date(window.end.getTime() - LABEL_REACH_MS) : window.start
  const period = { since: since.toISOString(), until: window.end.toISOString() }
  const said = { since: window.start.toISOString(), until: window.end.toISOString() }
  const table = await needs.collected.ask(
    { workspace: about.workspace, ...target },
    period,
    sources => ({
      kind: 'window-table',
      sources,
      filter: { ...period, deployments: [target.deployment] },
      ...(window.rows === undefined || labelled ? {} : { newest: window.rows }),
      ...(labelled ? { labelled: said } : {}),
      output: { folder, path },
    }),
    reader,
  )
  return { table, source: { name: `${target.endpoint}/${target.deployment}`, path, root: folder } }
}
