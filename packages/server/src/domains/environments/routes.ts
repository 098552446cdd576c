import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import {
  type EnvironmentAsset,
  type EnvironmentBuild,
  type EnvironmentSpec,
  environmentRoutes,
  HaganeError,
  type Page,
  type ShareTarget,
} from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { BaseCall, BoundRoute } from '../../kernel/http/index.ts'
import { implement } from '../../kernel/http/index.ts'
import { type Asset, assetFieldsOf } from '../assets/index.ts'
import { diffOf } from './diff.ts'
import type { StoredSpec } from './references.ts'
import type { BuildRow } from './service.ts'

/** What the routes need of the domain. */
export interface EnvironmentUses {
  readonly blobs: BlobStore
  create(call: BaseCall, spec: EnvironmentSpec): Promise<Asset<StoredSpec>>
  get(workspace: string, name: string, version: string): Promise<Asset<StoredSpec>>
  list(workspace: string, query: ListQuery): Promise<Page<Asset<StoredSpec>>>
  versions(workspace: string, name: string, query: ListQuery): Promise<Page<Asset<StoredSpec>>>
  update(
    call: BaseCall & { ifMatch?: string | undefined },
    name: string,
    version: string,
    change: object,
  ): Promise<Asset<StoredSpec>>
  archive(call: BaseCall, name: string, version: string, archived: boolean): Promise<Asset<StoredSpec>>
  label(call: BaseCall, name: string, label: string, version: string): Promise<Asset<StoredSpec>>
  share(call: BaseCall, name: string, version: string, target: ShareTarget): Promise<Asset<StoredSpec>>
  requestBuild(call: BaseCall, asset: Asset<StoredSpec>): Promise<void>
  builds(digests: readonly string[]): Promise<Map<string, BuildRow>>
  isRunning(digest: string): boolean
  logPath(digest: string): string
}
interface ListQuery {
  limit: number
  cursor?: string | undefined
  include_archived: boolean
}

export function environmentRouteTable(uses: EnvironmentUses): BoundRoute[] {
  const one = async (asset: Asset<StoredSpec>) =>
    toResource(asset, await uses.builds([asset.spec.defined.digest]), uses)
  const page = async ({ items, ...rest }: Page<Asset<StoredSpec>>) => {
    const builds = await uses.builds(items.map(asset => asset.spec.defined.digest))
    return { ...rest, items: items.map(asset => toResource(asset, builds, uses)) }
  }
  return [
    implement(environmentRoutes.create, async call => one(await uses.create(call, call.body))),
    implement(environmentRoutes.list, async call => page(await uses.list(call.workspace, call.query))),
    implement(environmentRoutes.versions, async call =>
      page(await uses.versions(call.workspace, call.params.name, call.query)),
    ),
    implement(environmentRoutes.show, async call =>
      one(await uses.get(call.workspace, call.params.name, call.params.version)),
    ),
    implement(environmentRoutes.update, async call =>
      one(await uses.update(call, call.params.name, call.params.version, call.body)),
    ),
    implement(environmentRoutes.archive, async call =>
      one(await uses.archive(call, call.params.name, call.params.version, true)),
    ),
    implement(environmentRoutes.restore, async call =>
      one(await uses.archive(call, call.params.name, call.params.version, false)),
    ),
    implement(environmentRoutes.label, async call =>
      one(await uses.label(call, call.params.name, call.params.label, call.body.version)),
    ),
    implement(environmentRoutes.share, async call =>
      one(await uses.share(call, call.params.name, call.params.version, call.body)),
    ),
    implement(environmentRoutes.build, async call => {
      const asset = await uses.get(call.workspace, call.params.name, call.params.version)
      await uses.requestBuild(call, asset)
      return one(asset)
    }),
    implement(environmentRoutes.lock, async call => {
      const asset = await uses.get(call.workspace, call.params.name, call.params.version)
      return lockAnswer(asset, await uses.builds([asset.spec.defined.digest]), uses.blobs)
    }),
    implement(environmentRoutes.diff, async call => {
      const { workspace, params, query } = call
      const pair = [
        await uses.get(workspace, params.name, params.version),
        await uses.get(workspace, query.name, query.version),
      ] as const
      return diffOf(pair, await uses.builds(pair.map(asset => asset.spec.defined.digest)), uses.blobs)
    }),
    implement(environmentRoutes.log, async call =>
      logAnswer(await uses.get(call.workspace, call.params.name, call.params.version), uses),
    ),
  ]
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8' }

function lockAnswer(asset: Asset<StoredSpec>, builds: ReadonlyMap<string, BuildRow>, blobs: BlobStore) {
  const digest = builds.get(asset.spec.defined.digest)?.lock_digest
  if (digest == null) throw notYet(asset, 'lock')
  return {
    stream: blobs.open(digest),
    headers: { ...TEXT, 'content-disposition': 'inline; filename="requirements.lock.txt"' },
  }
}

async function logAnswer(asset: Asset<StoredSpec>, uses: EnvironmentUses) {
  const path = uses.logPath(asset.spec.defined.digest)
  if ((await stat(path).catch(() => undefined)) === undefined) throw notYet(asset, 'build log')
  return { stream: createReadStream(path), headers: TEXT }
}

const notYet = (asset: Asset<StoredSpec>, what: string): HaganeError =>
  new HaganeError('not_found', `environment ${asset.name}:${asset.version} has no ${what} yet`, {
    hint: 'it is made with the first build: run a job with it, or POST …/build',
  })

function toResource(
  asset: Asset<StoredSpec>,
  builds: ReadonlyMap<string, BuildRow>,
  uses: Pick<EnvironmentUses, 'isRunning'>,
): EnvironmentAsset {
  const { defined, $schema: _s, name: _n, version: _v, description: _d, tags: _t, properties: _p, ...body } = asset.spec
  const row = builds.get(defined.digest)
  return {
    ...assetFieldsOf(asset),
    ...body,
    build_status: statusOf(row, defined.deviations, uses.isRunning(defined.digest)),
  }
}

/** A build that was under way when the server died is under way no more; one that was asked for has begun, whatever the last one came to. */
function statusOf(row: BuildRow | undefined, read: readonly string[], running: boolean): EnvironmentBuild {
  const deviations = [...read, ...(row === undefined ? [] : (JSON.parse(row.deviations) as string[]))]
  const told = deviations.length === 0 ? {} : { deviations }
  const underWay = row?.state === 'locking' || row?.state === 'building'
  if (row === undefined || (running && !underWay)) return { state: running ? 'locking' : 'not_built', ...told }
  const interrupted = underWay && !running
  return {
    state: interrupted ? 'not_built' : row.state,
    ...told,
    ...(row.lock_digest === null ? {} : { lock_digest: row.lock_digest }),
    ...(row.python === null ? {} : { python: row.python }),
    ...(row.packages === null ? {} : { packages: row.packages }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(interrupted ? {} : { started_at: row.started_at }),
    ...(row.finished_at === null ? {} : { finished_at: row.finished_at }),
  }
}
