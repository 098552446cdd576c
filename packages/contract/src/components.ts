import { z } from 'zod'
import { assetFields, assetRoutes } from './assets.ts'
import { componentSpec } from './pipeline-specs.ts'

export const componentAsset = z
  .object({
    ...assetFields,
    type: z.enum(['command', 'pipeline', 'parallel']),
    display_name: z.string().optional(),
    spec: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Component' })
export type ComponentAsset = z.output<typeof componentAsset>
export const componentRoutes = assetRoutes(
  { plural: 'components', singular: 'component', read: 'asset.read', write: 'asset.write' },
  componentSpec,
  componentAsset,
)
