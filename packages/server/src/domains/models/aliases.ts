import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { invalidParameter, notFound } from '../tracking/index.ts'
import { checkAlias, refuseReserved } from './names.ts'
import { type FullVersion, findRegistered, findVersion, newestVersion, versionOfAlias, withDetails } from './reads.ts'
import { requireRegistered, unknownModel } from './registered.ts'
import { deleteAlias, updateRegistered, upsertAlias } from './store.ts'
import { readsOf, writesOf } from './tables.ts'
import { appendVersionEvent, unknownVersion } from './versions.ts'

/** Points an alias at a version, in the caller's transaction. */
export async function setAlias(tx: Tx, name: string, alias: string, version: string): Promise<void> {
  checkAlias(alias)
  refuseReserved(alias)
  await requireRegistered(tx, name)
  const row = await findVersion(writesOf(tx), tx.who.workspace, name, version)
  if (row === undefined) throw unknownVersion(name, version)
  const before = await versionOfAlias(writesOf(tx), tx.who.workspace, name, alias)
  await upsertAlias(tx, name, alias, row.version)
  await updateRegistered(tx, name)
  appendVersionEvent(tx, 'alias-set', row, { alias, previous_version: before ?? null })
}

/** Aliases of registered models, which Azure ML calls labels. `latest` is nobody's to set: it is the most recently created version. */
export function buildAliases(db: Database) {
  return {
    set: (who: Who, name: string, alias: string, version: string): Promise<void> =>
      db.withTransaction(who, tx => setAlias(tx, name, alias, version)),
    remove: (who: Who, name: string, alias: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        checkAlias(alias)
        await requireRegistered(tx, name)
        const version = await deleteAlias(tx, name, alias)
        if (version === undefined) return
        await updateRegistered(tx, name)
        appendVersionEvent(tx, 'alias-deleted', { name, version }, { alias })
      }),
    async get(who: Who, name: string, alias: string): Promise<FullVersion> {
      const reads = readsOf(db)
      checkAlias(alias)
      if ((await findRegistered(reads, who.workspace, name)) === undefined) throw unknownModel(name)
      const latest = alias.toLowerCase() === 'latest'
      const version = latest ? undefined : await versionOfAlias(reads, who.workspace, name, alias)
      const row = latest
        ? await newestVersion(reads, who.workspace, name)
        : version === undefined
          ? undefined
          : await findVersion(reads, who.workspace, name, version)
      const [full] = row === undefined ? [] : await withDetails(reads, db.dialect, [row])
      if (full !== undefined) return full
      throw latest
        ? notFound(`Latest version not found for model ${name}.`)
        : invalidParameter(`Registered model alias ${alias} not found.`)
    },
  }
}
export type Aliases = ReturnType<typeof buildAliases>
