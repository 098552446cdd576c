import { createHash } from 'node:crypto'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import type { CommandPlan, DistributionPlan } from '../model/plan.ts'
import type { Value } from './values.ts'

/** What a result depends on, part by part, so that a miss can be explained. */
export interface ReuseParts {
  command: string
  code: { tree: string; path: string } | null
  environment: string
  inputs: Record<string, unknown>
  variables: Record<string, string>
  outputs: Record<string, unknown>
  search: Record<string, string>
  distribution: DistributionPlan | null
}

/** The parts of the reuse key: command, code, environment lock, contents of inputs, parameters, output specification, processes. */
export function reuseParts(plan: CommandPlan, values: Record<string, Value>, lockDigest: string): ReuseParts {
  const inputs = Object.entries(values).map(([name, value]) => [
    name,
    value.kind === 'content' ? { tree: value.tree, path: value.path } : value.kind === 'text' ? value.text : null,
  ])
  const outputs = Object.entries(plan.outputs).map(([name, output]) => [
    name,
    { type: output.type, path: output.path ?? null, name: output.name ?? null },
  ])
  return {
    command: plan.command,
    code: plan.code ?? null,
    environment: lockDigest,
    inputs: Object.fromEntries(inputs),
    variables: plan.variables,
    outputs: Object.fromEntries(outputs),
    search: plan.search ?? {},
    distribution: plan.distribution ?? null,
  }
}

/** SHA-256 over the canonical JSON of the parts. */
export const reuseKey = (parts: ReuseParts): string => createHash('sha256').update(canonicalJson(parts)).digest('hex')
