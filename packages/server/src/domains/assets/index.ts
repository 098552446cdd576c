import { HaganeError, type Page } from '@hagane/contract'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkIfMatch } from '../../kernel/http/index.ts'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { Asset, AssetKind, Assets, NewAsset } from './asset.ts'
import { findAsset, type LabelledRow, listNames, listVersions } from './reads.ts'
import { changeAsset, findForUpdate, insertAsset, lockAssets, putLabel, versionsOf } from './store.ts'

export type { Asset, AssetKind, Assets } from './asset.ts'
export { hasAssets } from './reads.ts'
export { adopt, inRegistry, type RequireRegistry, type SharedFrom, writerIn } from './share.ts'

export function buildAssets<S>(db: Database, kind: AssetKind): Assets<S> {
  const find = async (workspace: string, name: string, version: string) => {
    const row = await findAsset(db, workspace, kind, name, version)
    return row === undefined ? undefined : parsed<S>(row)
  }
  const get = async (workspace: string, name: string, version: string) =>
    (await find(workspace, name, version)) ?? Promise.reject(await notFound(db, workspace, kind, name, version))
  const change = async (
    who: Who & { ifMatch?: string | undefined },
    name: string,
    version: string,
    what: string,
    edit: (tx: Tx, row: Asset<S>) => Promise<Record<string, unknown>>,
  ) => {
    const asset = await get(who.workspace, name, version)
    await db.withTransaction(who, async tx => {
      await lockAssets(tx, kind)
      const row = await findForUpdate(tx, kind, name, asset.version)
      if (row === undefined) throw await notFound(db, who.workspace, kind, name, version)
      checkIfMatch(who, etagOf(row))
      const facts = await edit(tx, parsed<S>({ ...row, labels: [] }))
      tx.append({
        type: `dev.hagane.${kind}.${what}`,
        subject: `${kind}/${name}:${asset.version}`,
        data: { name, version: asset.version, ...facts },
      })
    })
    return get(who.workspace, name, asset.version)
  }
  const pageOf = (page: Page<LabelledRow>): Page<Asset<S>> => ({
    ...page,
    items: page.items.map(row => parsed<S>(row)),
  })
  return {
    create: (tx, asset) => createAsset(tx, kind, asset),
    find,
    get,
    list: async (workspace, options) => pageOf(await listNames(db, workspace, kind, options)),
    versions: async (workspace, name, options) => {
      const page = await listVersions(db, workspace, kind, name, options)
      if (page.items.length === 0 && options.cursor === undefined) await get(workspace, name, '@latest')
      return pageOf(page)
    },
    update: (who, name, version, edit) =>
      change(who, name, version, 'updated', async (tx, row) => {
        await changeAsset(tx, raw(row), {
          ...(edit.description === undefined ? {} : { description: edit.description }),
          ...(edit.tags === undefined ? {} : { tags: JSON.stringify(edit.tags) }),
          ...(edit.properties === undefined ? {} : { properties: JSON.stringify(edit.properties) }),
        })
        return { ...edit }
      }),
    archive: (who, name, version, archived) =>
      change(who, name, version, archived ? 'archived' : 'restored', async (tx, row) => {
        await changeAsset(tx, raw(row), { archived: archived ? 1 : 0 })
        return {}
      }),
    label: (who, name, label, version) => {
      if (label === 'latest')
        throw new HaganeError('invalid', "the label 'latest' always points at the most recently created version", {
          hint: 'choose another label',
        })
      return change(who, name, version, 'labelled', async tx => {
        await putLabel(tx, kind, name, label, version)
        return { label }
      })
    },
  }
}

async function createAsset<S>(tx: Tx, kind: AssetKind, asset: NewAsset<S>): Promise<Asset<S>> {
  await lockAssets(tx, kind)
  const taken = await versionsOf(tx, kind, asset.name)
  const version = asset.version ?? nextVersion(taken)
  const earlier = taken.includes(version) ? await findForUpdate(tx, kind, asset.name, version) : undefined
  // a script that is run again creates what it created before: nothing changes, so nothing is told
  if (earlier?.spec === canonicalJson(asset.spec)) return parsed<S>({ ...earlier, labels: [] })
  if (earlier !== undefined)
    throw new HaganeError('conflict', `${kind} ${asset.name}:${version} already exists, and versions never change`, {
      hint: `leave the version out to get ${nextVersion(taken)}, or name a new one`,
    })
  const row = await insertAsset(tx, {
    kind,
    name: asset.name,
    version,
    spec: canonicalJson(asset.spec),
    description: asset.description ?? null,
    tags: JSON.stringify(asset.tags ?? {}),
    properties: JSON.stringify(asset.properties ?? {}),
    digest: asset.digest ?? null,
  })
  tx.append({
    type: `dev.hagane.${kind}.created`,
    subject: `${kind}/${asset.name}:${version}`,
    data: {
      name: asset.name,
      version,
      ...(asset.digest === undefined ? {} : { digest: asset.digest }),
      ...asset.facts,
    },
  })
  return parsed<S>({ ...row, labels: ['latest'] })
}

/** One more than the highest whole number in use; other versions do not count. */
export function nextVersion(taken: readonly string[]): string {
  const numbers = taken.filter(version => /^\d{1,250}$/.test(version)).map(BigInt)
  return String(numbers.reduce((highest, number) => (number > highest ? number : highest), 0n) + 1n)
}

const etagOf = (row: { revision: number }): string => String(row.revision)
const raw = (asset: Asset<unknown>) => asset as never

function parsed<S>(row: LabelledRow): Asset<S> {
  return { ...row, spec: JSON.parse(row.spec), tags: JSON.parse(row.tags), properties: JSON.parse(row.properties) }
}

async function notFound(
  db: Database,
  workspace: string,
  kind: AssetKind,
  name: string,
  version: string,
): Promise<HaganeError> {
  const { items } = await listVersions(db, workspace, kind, name, { limit: 5, include_archived: true })
  const spelled = version.startsWith('@') ? `${name}${version}` : `${name}:${version}`
  const hint =
    items.length === 0
      ? `\`hagane ${kind} list\` shows what there is; create it with \`hagane ${kind} create -f FILE\``
      : `versions of ${name}: ${items.map(item => item.version).join(', ')}`
  return new HaganeError('not_found', `no ${kind} ${spelled} in workspace ${workspace}`, { hint })
}

/** The fields that every asset answers with (contract: assetFields). */
export function assetFieldsOf(asset: Asset<unknown>) {
  return {
    id: `azureml:${asset.name}:${asset.version}`,
    name: asset.name,
    version: asset.version,
    ...(asset.description === null ? {} : { description: asset.description }),
    tags: asset.tags,
    properties: asset.properties,
    labels: asset.labels,
    archived: asset.archived === 1,
    ...(asset.digest === null ? {} : { digest: asset.digest }),
    etag: etagOf(asset),
    creation_context: creationContextOf(asset),
  }
}
