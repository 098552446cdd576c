import { findReference } from '../reads.ts'
import { keepReference } from '../store.ts'
import type { Bench } from './bench.ts'
import { actorOf } from './profiles.ts'
import type { Reference } from './reference.ts'

/** Feature to the part of the gain that it brings, in [0, 1]. */
export type Importances = Readonly<Record<string, number>>

/** Importances with where they come from. */
export interface FoundImportances {
  readonly importances: Importances
  /** `job explain-…` of an explanation; undefined of a surrogate. */
  readonly by?: string
}

/** Share of the columns that an explanation has to speak of. */
const COVERED = 0.5

/**
 * How important each column is: by the newest explanation of the model version (SHAP values or permutation, `hagane model explain`) where there is
 * one, else by a surrogate that learns the target of the reference. In parts of one. Undefined where neither can be told.
 */
export async function importancesOf(
  bench: Bench,
  reference: Reference,
  columns: readonly string[],
): Promise<FoundImportances | undefined> {
  const explained = reference.kind === 'training' ? await explainedImportances(bench, columns) : undefined
  if (explained !== undefined) return explained
  const importances = await referenceImportances(bench, reference)
  return importances === undefined ? undefined : { importances }
}

async function explainedImportances(
  { needs, about }: Bench,
  columns: readonly string[],
): Promise<FoundImportances | undefined> {
  const model = about.model?.replace(/^azureml:/, '')
  const found = model === undefined ? undefined : await needs.explained(about.workspace, model)
  if (found === undefined) return undefined
  const known = columns.filter(column => Object.hasOwn(found.features, column))
  const total = known.reduce((sum, column) => sum + (found.features[column] ?? 0), 0)
  if (known.length < COVERED * columns.length || total <= 0) return undefined
  const importances = Object.fromEntries(known.map(column => [column, (found.features[column] ?? 0) / total]))
  return { importances, by: `job ${found.job}` }
}

/**
 * How much each feature tells of the target in the reference: measured once by a surrogate, and kept with its content. Undefined
 * where it is not known which column is the target.
 */
async function referenceImportances(bench: Bench, reference: Reference): Promise<Importances | undefined> {
  const { target, content } = reference
  if (target === undefined) return undefined
  const { needs, about } = bench
  const basis = `importances ${target}`
  const known = content === undefined ? undefined : await findReference(needs.db, about.workspace, content, basis)
  if (known !== undefined) return JSON.parse(known) as Importances
  const { importances } = await bench.ask({ kind: 'importances', source: await reference.source(), target })
  if (content !== undefined)
    await needs.db.withTransaction(actorOf(bench), tx =>
      keepReference(tx, {
        ...{ content, basis, measured: JSON.stringify(importances) },
        model: about.model?.replace(/^azureml:/, '') ?? null,
      }),
    )
  return importances
}
