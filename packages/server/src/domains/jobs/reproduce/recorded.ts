import type { Database } from '../../../kernel/db/index.ts'
import type { ReuseParts } from '../flow/reuse.ts'
import type { CommandPlan, InputMode, InputValue, Plan } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import { type Decided, findDecisions } from '../records/decisions-reads.ts'
import { findJob, getJob, rowsBelow } from '../records/reads.ts'

/** A job with its steps as they are stored, and what was recorded when each step began. */
export interface Recorded {
  row: JobRow
  plan: Plan
  decided: Decided | undefined
  parts: ReuseParts | undefined
  children: Recorded[]
}

/** Reads a job and everything below it. Throws not_found. */
export async function readRecord(db: Database, workspace: string, name: string): Promise<Recorded> {
  const row = await getJob(db, workspace, name)
  const rows = [row, ...(await rowsBelow(db, workspace, name))]
  const decisions = await findDecisions(
    db,
    workspace,
    rows.filter(({ type }) => type === 'command').map(step => step.name),
  )
  const below = Map.groupBy(rows, ({ parent }) => parent)
  const record = (of: JobRow): Recorded => {
    const decided = decisions.get(of.name)
    return {
      row: of,
      plan: JSON.parse(of.plan) as Plan,
      decided,
      parts: decided === undefined ? undefined : (JSON.parse(decided.parts) as ReuseParts),
      children: (below.get(of.name) ?? []).map(record),
    }
  }
  return record(row)
}

/** All steps that run a command, by their path below the job; the job itself has the path ''. */
export function stepsOf(record: Recorded, path = ''): Map<string, Recorded> {
  const own: [string, Recorded][] = record.plan.kind === 'command' ? [[path, record]] : []
  const below = record.children.flatMap(child => [
    ...stepsOf(child, [path, child.row.step ?? child.row.name].filter(Boolean).join('/')),
  ])
  return new Map([...own, ...below])
}

/** The value that an input had when the step began, as content or text; undefined when nothing was recorded. */
export async function recordedValue(
  db: Database,
  { row, parts, decided }: Recorded,
  name: string,
  input: InputValue,
): Promise<InputValue | undefined> {
  if (parts === undefined || !Object.hasOwn(parts.inputs, name)) return undefined
  const value = parts.inputs[name]
  if (typeof value === 'string') return input.kind === 'address' ? input : { kind: 'literal', text: value }
  if (value === null || value === undefined) return { kind: 'none' }
  const { tree, path } = value as { tree: string; path: string }
  const uri = (JSON.parse(decided?.sources ?? '{}') as Record<string, string>)[name] ?? `hagane://trees/${tree}`
  return {
    kind: 'content',
    tree,
    path,
    uri,
    mode: (await modeOf(db, row, input)) ?? 'ro_mount',
    ...(input.kind === 'content' && input.asset !== undefined ? { asset: input.asset } : {}),
    ...(input.kind === 'content' && input.type !== undefined ? { type: input.type } : {}),
  }
}

/** How an input is handed to the command; one without a mode of its own has that of the pipeline's. */
async function modeOf(db: Database, row: JobRow, input: InputValue): Promise<InputMode | undefined> {
  if ('mode' in input && input.mode !== undefined) return input.mode
  if (input.kind !== 'parent-input' || row.parent === null) return undefined
  const parent = await findJob(db, row.workspace, row.parent)
  const above = parent === undefined ? undefined : (JSON.parse(parent.plan) as CommandPlan).inputs[input.name]
  return parent === undefined || above === undefined ? undefined : modeOf(db, parent, above)
}
