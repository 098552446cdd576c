import { modelRoutes } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { type BoundRoute, implement, rawRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { RequireRegistry } from '../assets/index.ts'
import {
  checkedArtifactPath,
  invalidParameter,
  mlflowErrors,
  mlflowRoutes,
  sendDownload,
  type Tracking,
} from '../tracking/index.ts'
import { buildAliases, setAlias } from './aliases.ts'
import { modelAssetRoutes } from './asset-routes.ts'
import { addStored, buildModelAssets, checkType, type ResolveContent } from './assets.ts'
import type { DeployedModels } from './deployed.ts'
import { registeredOperations } from './operations.ts'
import { hasModels } from './reads.ts'
import { buildRegistered } from './registered.ts'
import { type ResolvedModel, resolveModel } from './resolve.ts'
import { shareModel } from './share.ts'
import { buildSnapshots } from './snapshots.ts'
import { readsOf } from './tables.ts'
import { versionOperations } from './version-operations.ts'
import { buildVersions } from './versions.ts'

export type { ResolvedModel } from './resolve.ts'

interface Deps {
  db: Database
  blobs: BlobStore
  log: Logger
  tracking: Tracking
  /** Content behind references of the data domain: trees, job outputs, datastores, runs, https. */
  content: ResolveContent
  requireRegistry: RequireRegistry
  /** The deployments, as `endpoint/name`, that serve a version of a model, or any version of it. */
  deployed: DeployedModels
}

/** What other domains ask of the model registry. */
export interface Models {
  readonly routes: BoundRoute[]
  /** The model behind a reference, with its files by digest; throws not_found that says what there is. */
  resolve(workspace: string, reference: string): Promise<ResolvedModel>
  /** Whether a workspace has any registered model. */
  holdsAny(workspace: string): Promise<boolean>
  /** Points an alias at a version, in the caller's transaction. Throws not_found and invalid as MLflow has it. */
  setAlias(tx: Tx, name: string, alias: string, version: string): Promise<void>
  /** Registers content that is already stored, e.g. a job's output, in the caller's transaction. */
  register(
    tx: Tx,
    model: {
      name: string
      version?: string | undefined
      type: string
      tree: string
      path: string
      /** The output of the job: its last part is the folder of the model below AZUREML_MODEL_DIR. */
      source: string
      jobName: string
      runId: string
    },
  ): Promise<{ name: string; version: string }>
}

/** The model registry: one for MLflow clients and for `az ml model`. */
export function buildModels({ db, blobs, log, tracking, content, requireRegistry, deployed }: Deps): Models {
  const snapshots = buildSnapshots(db, blobs, tracking)
  const registered = buildRegistered(db, deployed)
  const versions = buildVersions(db, tracking, snapshots, deployed)
  const aliases = buildAliases(db)
  const assets = buildModelAssets({ db, tracking, snapshots, content })
  tracking.artifacts.mount('models', snapshots.mount)
  return {
    routes: [
      ...mlflowRoutes(
        [...registeredOperations(db, registered, versions, aliases), ...versionOperations(db, versions)],
        log,
      ),
      ...downloadRoutes(tracking, versions, log),
      ...modelAssetRoutes(assets, aliases),
      implement(modelRoutes.share, call => {
        const { name, version } = call.params
        return shareModel({ db, snapshots, requireRegistry }, call, { ...assets, name, version, target: call.body })
      }),
    ],
    resolve: (workspace, reference) =>
      resolveModel({ db, tracking, snapshots, requireRegistry }, { workspace, actor: 'server' }, reference),
    setAlias,
    holdsAny: workspace => hasModels(readsOf(db), workspace),
    async register(tx, { name, version, type, tree, path, source, jobName, runId }) {
      const snapshot = await snapshots.of(tree, path)
      checkType(type, snapshot, name)
      const row = await addStored(tx, { name, version, type, snapshot, source, jobName, runId })
      return { name: row.name, version: row.version }
    },
  }
}

/** The web UI's download of one file of a version; a client is known to ask with a doubled slash. */
const downloadRoutes = (
  tracking: Tracking,
  versions: { downloadUri(who: Who, name: string, version: string): Promise<string> },
  log: Logger,
): BoundRoute[] =>
  ['/model-versions/get-artifact', '//model-versions/get-artifact'].map((path, i) =>
    rawRoute(
      {
        operationId: i === 0 ? 'mlflow.modelVersions.getArtifact' : 'mlflow.modelVersions.getArtifactDoubleSlash',
        method: 'GET',
        path,
        permission: 'model.read',
        summary: 'Read a file of a model version',
      },
      async (call, request, reply) => {
        const { name, version, path: sent } = request.query as Record<string, unknown>
        const file = checkedArtifactPath(typeof sent === 'string' ? sent : '')
        if (typeof name !== 'string' || typeof version !== 'string')
          throw invalidParameter("Missing value for required parameter 'name' or 'version'.")
        const uri = await versions.downloadUri(call, name, version)
        return sendDownload(
          request,
          reply,
          tracking.artifacts.blobs,
          await tracking.artifacts.findUnder(call, uri, file),
          file,
        )
      },
      mlflowErrors(log),
    ),
  )
