import { listOut, optionalOut } from '../tracking/index.ts'
import type { FullRegistered, FullVersion } from './reads.ts'

/** A model version as MLflow's proto has it. */
export const versionOut = ({ row, tags, aliases }: FullVersion) => ({
  name: row.name,
  version: row.version,
  creation_timestamp: row.creation_timestamp,
  last_updated_timestamp: row.last_updated_timestamp,
  user_id: row.created_by,
  current_stage: row.stage,
  description: row.description ?? '',
  source: row.source,
  run_id: row.run_id ?? '',
  status: 'READY',
  tags: listOut(tags),
  run_link: row.run_link ?? '',
  aliases: listOut(aliases),
  model_id: optionalOut(row.model_id),
})

/** A registered model as MLflow's proto has it, with the newest version of each stage. */
export const registeredOut = ({ row, tags, aliases, latest }: FullRegistered) => ({
  name: row.name,
  creation_timestamp: row.creation_timestamp,
  last_updated_timestamp: row.last_updated_timestamp,
  user_id: row.created_by,
  description: row.description ?? '',
  latest_versions: listOut(latest.map(versionOut)),
  tags: listOut(tags),
  aliases: listOut(aliases),
})
