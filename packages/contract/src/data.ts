import { z } from 'zod'
import { assetFields, assetRoutes, assetSpecFields } from './assets.ts'

export const dataTypes = ['uri_file', 'uri_folder', 'mltable'] as const

/** Azure ML data YAML. `path` is `hagane://trees/…` (uploaded), `https://…`, `azureml://datastores/…` or `azureml://jobs/…`. */
export const dataSpec = z
  .strictObject({
    ...assetSpecFields,
    name: assetSpecFields.name.unwrap(),
    type: z.enum(dataTypes).default('uri_folder'),
    path: z.string().min(1),
  })
  .meta({ id: 'DataSpec' })
export type DataSpec = z.output<typeof dataSpec>

export const dataAsset = z
  .object({
    ...assetFields,
    type: z.enum(dataTypes),
    path: z.string(),
    size: z.number().int().optional().describe('bytes'),
    file_count: z.number().int().optional(),
  })
  .meta({ id: 'Data' })
export type DataAsset = z.output<typeof dataAsset>

export const dataRoutes = assetRoutes(
  { plural: 'data', singular: 'data', read: 'asset.read', write: 'asset.write' },
  dataSpec,
  dataAsset,
)
