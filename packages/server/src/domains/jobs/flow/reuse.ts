import { createHash } from 'node:crypto'
import type { RunReason } from '@hagane/contract'
import { canonicalJson } from '../../../kernel/canonical-json.ts'
import type { JobNeeds } from '../model/needs.ts'
import type { CommandPlan, DistributionPlan, StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import type { Decision } from '../records/decisions-store.ts'
import { type KeptResult, resultFor } from '../records/reads.ts'
import { isEvaluated } from './evaluated-tables.ts'
import type { Value } from './values.ts'

/** What a result depends on, part by part, so that a miss can be explained. */
export type ReuseParts = {
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
function reuseParts(plan: CommandPlan, values: Record<string, Value>, lockDigest: string): ReuseParts {
  const inputs = Object.entries(values).map(([name, value]) => [
    name,
    value.kind === 'content' ? contentPart(value) : value.kind === 'text' ? value.text : null,
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

const contentPart = ({ tree, path, mode }: Value & { kind: 'content' }) => ({
  tree,
  path,
  ...(isEvaluated(mode) ? { evaluated: true } : {}),
})

/** A kept result, or why there is none that may be taken. */
export type Lookup = { take: JobRow } | { take?: undefined; reason?: RunReason; earlier?: string }

/** Looks for a result that may be taken in place of running. */
export async function lookUp(
  needs: Pick<JobNeeds, 'db' | 'blobs' | 'clock' | 'reuseMaxAge'>,
  workspace: string,
  plan: CommandPlan,
  key: string,
): Promise<Lookup> {
  if (!plan.reusable) return { reason: plan.rerun ?? 'forced' }
  if (!plan.deterministic) return { reason: 'not-deterministic' }
  return judgeKept(needs, plan, await resultFor(needs.db, workspace, key), needs.clock.now())
}

/** Whether a kept result may be taken: not too old, and all of its content still there. `asked` keeps what was looked up before. */
export async function judgeKept(
  needs: Pick<JobNeeds, 'blobs' | 'reuseMaxAge'>,
  plan: Pick<CommandPlan, 'maxAge'>,
  kept: KeptResult | undefined,
  now: Date,
  asked = new Map<string, Promise<boolean>>(),
): Promise<Lookup> {
  if (kept === undefined) return {}
  const { kept_at, ...earlier } = kept
  const maxAge = plan.maxAge ?? needs.reuseMaxAge
  if (maxAge !== undefined && now.getTime() - Date.parse(kept_at) > maxAge * 1000)
    return { reason: 'expired', earlier: earlier.name }
  if (await contentsExist(needs.blobs, earlier, asked)) return { take: earlier }
  return { reason: 'content-gone', earlier: earlier.name }
}

async function contentsExist(
  blobs: JobNeeds['blobs'],
  earlier: JobRow,
  asked: Map<string, Promise<boolean>>,
): Promise<boolean> {
  const outputs = Object.values(JSON.parse(earlier.outputs) as Record<string, StoredOutput>)
  const exists = ({ tree }: StoredOutput): Promise<boolean> => {
    const answer = asked.get(tree) ?? blobs.has(tree)
    asked.set(tree, answer)
    return answer
  }
  return (await Promise.all(outputs.map(exists))).every(Boolean)
}

/** The reuse key of a step that is about to run, with what it is the digest of and where each input came from. */
export function decisionOf(
  plan: CommandPlan,
  values: Record<string, Value>,
  lockDigest: string,
): Pick<Decision, 'key' | 'parts' | 'component' | 'sources'> {
  const parts = canonicalJson(reuseParts(plan, values, lockDigest))
  const sources = Object.entries(values).flatMap(([name, value]) =>
    value.kind === 'content' ? [[name, value.from] as const] : [],
  )
  return {
    key: createHash('sha256').update(parts).digest('hex'),
    parts,
    component: plan.component?.name ?? null,
    sources: Object.fromEntries(sources),
  }
}
