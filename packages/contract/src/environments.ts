import { z } from 'zod'
import { assetFields, assetRoutes, assetSpecFields } from './assets.ts'
import { nameSchema, timeSchema } from './core/names.ts'
import { route } from './core/route.ts'

/** A conda file's content: `python=X.Y`, conda specs that name PyPI packages too, and a `pip:` list. */
export const condaSpec = z.looseObject({
  name: z.string().optional(),
  channels: z.array(z.string()).optional(),
  dependencies: z.array(z.union([z.string(), z.looseObject({ pip: z.array(z.string()).nullish() })])).optional(),
})
export type CondaSpec = z.output<typeof condaSpec>

const serviceRoute = z.strictObject({ path: z.string().startsWith('/'), port: z.number().int().min(1).max(65535) })
export const inferenceConfig = z.strictObject({
  liveness_route: serviceRoute.optional(),
  readiness_route: serviceRoute.optional(),
  scoring_route: serviceRoute.optional(),
})

const environmentBody = {
  image: z.string().optional(),
  conda_file: z.union([condaSpec, z.string()]).optional().describe('content, or in YAML a path that the client reads'),
  pip_requirements: z.string().optional().describe('text of a requirements.txt (Hagane)'),
  resolution: z
    .enum(['compatible', 'exact'])
    .optional()
    .describe(
      'compatible (default): where the wanted Python is missing or a pin has no wheel, the nearest is taken and recorded; exact: refused (Hagane)',
    ),
  build: z.strictObject({ path: z.string().optional(), dockerfile_path: z.string().optional() }).optional(),
  os_type: z.string().optional(),
  inference_config: inferenceConfig.optional(),
  datastore: z.string().optional(),
}

export const environmentSpec = z
  .strictObject({ ...assetSpecFields, ...environmentBody })
  .meta({ id: 'EnvironmentSpec' })
export type EnvironmentSpec = z.output<typeof environmentSpec>

export const environmentBuildStates = ['not_built', 'locking', 'building', 'succeeded', 'failed'] as const
export const environmentBuild = z.object({
  state: z.enum(environmentBuildStates),
  lock_digest: z
    .string()
    .optional()
    .describe('SHA-256 of the lock: interpreter, platform and every package with its hashes'),
  python: z.string().optional(),
  packages: z.number().int().optional(),
  deviations: z.array(z.string()).optional().describe('pins that this platform could not honour and what was taken'),
  error: z.string().optional(),
  started_at: timeSchema.optional(),
  finished_at: timeSchema.optional(),
})
export type EnvironmentBuild = z.output<typeof environmentBuild>

export const environmentAsset = z
  .object({ ...assetFields, ...environmentBody, build_status: environmentBuild })
  .meta({ id: 'Environment' })
export type EnvironmentAsset = z.output<typeof environmentAsset>

const packageChange = z.object({ name: z.string(), before: z.string().optional(), after: z.string().optional() })
export type PackageChange = z.output<typeof packageChange>

/** What differs between two locks. */
export const lockChanges = z.object({
  image: packageChange.omit({ name: true }).optional().describe('the image in whose container steps run'),
  python: packageChange.omit({ name: true }).optional(),
  platform: packageChange.omit({ name: true }).optional(),
  packages: z.array(packageChange),
  rebuilt: z.array(z.string()).describe('packages of the same version whose files are not the same'),
})
export type LockChanges = z.output<typeof lockChanges>

export const environmentDiff = z
  .object({
    before: z.string(),
    after: z.string(),
    definition: z.array(
      z.object({ property: z.string(), before: z.unknown().optional(), after: z.unknown().optional() }),
    ),
    lock: lockChanges.optional().describe('absent while one of the two has no lock'),
  })
  .meta({ id: 'EnvironmentDiff' })
export type EnvironmentDiff = z.output<typeof environmentDiff>

const versionParams = z.object({ name: nameSchema, version: z.string() })
export const environmentRoutes = {
  ...assetRoutes(
    { plural: 'environments', singular: 'environment', read: 'asset.read', write: 'asset.write' },
    environmentSpec,
    environmentAsset,
  ),
  build: route({
    operationId: 'environments.build',
    method: 'POST',
    path: '/api/v1/environments/:name/versions/:version/build',
    permission: 'asset.write',
    summary: 'Lock and build an environment now',
    params: versionParams,
    response: environmentAsset,
    status: 202,
  }),
  lock: route({
    operationId: 'environments.lock',
    method: 'GET',
    path: '/api/v1/environments/:name/versions/:version/lock',
    permission: 'asset.read',
    summary: 'The lock file with hashes',
    params: versionParams,
    response: 'stream',
  }),
  diff: route({
    operationId: 'environments.diff',
    method: 'GET',
    path: '/api/v1/environments/:name/versions/:version/diff',
    permission: 'asset.read',
    summary: 'What changed from this version to another, in the definition and in the lock',
    params: versionParams,
    query: z.object({ name: nameSchema, version: z.string().min(1).describe('the other: a version, or @label') }),
    response: environmentDiff,
  }),
  log: route({
    operationId: 'environments.log',
    method: 'GET',
    path: '/api/v1/environments/:name/versions/:version/log',
    permission: 'asset.read',
    summary: 'The build log',
    params: versionParams,
    response: 'stream',
  }),
}
