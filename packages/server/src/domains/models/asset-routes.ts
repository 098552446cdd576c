import { modelRoutes } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import { type BoundRoute, decodeCursor, implement, pageFrom } from '../../kernel/http/index.ts'
import type { Aliases } from './aliases.ts'
import { type ModelAssets, modelOut } from './assets.ts'
import { listNewest, listVersions, newestNumbers, type VersionRow, withDetails } from './reads.ts'
import { readsOf } from './tables.ts'

/** `/api/v1/models`: the registry as `az ml model` sees it. */
export function modelAssetRoutes(db: Database, assets: ModelAssets, aliases: Aliases): BoundRoute[] {
  const page = async (workspace: string, rows: readonly VersionRow[], limit: number) => {
    const full = await withDetails(readsOf(db), db.dialect, rows)
    const newest = await newestNumbers(readsOf(db), db.dialect, workspace, [...new Set(rows.map(row => row.name))])
    return pageFrom(
      full,
      limit,
      one => modelOut(one, newest.has(one.row.version_no)),
      one => [one.row.version_no],
    )
  }
  const listOptions = (query: { limit: number; cursor?: string | undefined; include_archived: boolean }) => {
    const before = decodeCursor(query.cursor, 1)?.[0]
    return {
      limit: query.limit + 1,
      includeArchived: query.include_archived,
      ...(before === undefined ? {} : { before: Number(before) }),
    }
  }
  return [
    implement(modelRoutes.create, call => assets.create(call, call.body)),
    implement(modelRoutes.list, async call =>
      page(call.workspace, await listNewest(readsOf(db), call.workspace, listOptions(call.query)), call.query.limit),
    ),
    implement(modelRoutes.versions, async call => {
      const { name } = call.params
      const rows = await listVersions(readsOf(db), call.workspace, name, listOptions(call.query))
      if (rows.length === 0 && call.query.cursor === undefined) await assets.find(call, name, '@latest')
      return page(call.workspace, rows, call.query.limit)
    }),
    implement(modelRoutes.show, async call =>
      assets.resource(await assets.find(call, call.params.name, call.params.version)),
    ),
    implement(modelRoutes.update, call => assets.update(call, call.params.name, call.params.version, call.body)),
    implement(modelRoutes.archive, call => assets.archive(call, call.params.name, call.params.version, true)),
    implement(modelRoutes.restore, call => assets.archive(call, call.params.name, call.params.version, false)),
    implement(modelRoutes.label, async call => {
      const { name, label } = call.params
      await assets.find(call, name, call.body.version)
      await aliases.set(call, name, label, call.body.version)
      return assets.resource(await assets.find(call, name, call.body.version))
    }),
  ]
}
