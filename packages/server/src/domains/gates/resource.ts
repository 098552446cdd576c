import type { GateCheck, GateResource, GateResult, GateRunResource, GateSpec } from '@hagane/contract'
import { creationContextOf } from '../../kernel/stamps.ts'
import type { GateRow, GateRunRow, RunModels } from './tables.ts'

export const toGate = (row: GateRow): GateResource => ({
  id: `azureml:${row.name}`,
  name: row.name,
  spec: JSON.parse(row.spec) as GateSpec,
  etag: String(row.revision),
  creation_context: creationContextOf(row),
})

export function toRun(row: GateRunRow): GateRunResource {
  const { candidate, champion, data, hasJob } = JSON.parse(row.models) as RunModels
  return {
    id: `azureml:${row.name}`,
    name: row.name,
    gate: row.gate,
    status: row.status as GateRunResource['status'],
    ...(row.result === null ? {} : { result: row.result as GateResult }),
    ...(row.message === null ? {} : { message: row.message }),
    candidate: candidate.id,
    ...(champion === undefined ? {} : { champion: champion.id }),
    ...(data === undefined ? {} : { data }),
    ...(hasJob ? { job: row.name } : {}),
    table: JSON.parse(row.checks) as GateCheck[],
    spec: JSON.parse(row.spec) as GateSpec,
    creation_context: creationContextOf(row),
  }
}
