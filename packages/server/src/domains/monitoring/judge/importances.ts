import { findReference } from '../reads.ts'
import { keepReference } from '../store.ts'
import type { Bench } from './bench.ts'
import { actorOf } from './profiles.ts'
import type { Reference } from './reference.ts'

/** Feature to the part of the gain that it brings, in [0, 1]. */
export type Importances = Readonly<Record<string, number>>

/**
 * How much each feature tells of the target in the reference: measured once by a surrogate, and kept with its content. Undefined
 * where it is not known which column is the target.
 */
export async function referenceImportances(bench: Bench, reference: Reference): Promise<Importances | undefined> {
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
