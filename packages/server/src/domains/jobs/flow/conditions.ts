import type { Tx } from '../../../kernel/db/index.ts'
import type { JobNeeds } from '../model/needs.ts'
import { booleanOf } from '../model/output-kind.ts'
import { own } from '../model/own-property.ts'
import type { Guard, PipelinePlan, StoredOutput } from '../model/plan.ts'
import type { JobRow } from '../model/tables.ts'
import type { NodeState } from '../model/transitions.ts'
import { childInTx, childrenInTx, moveJob } from '../records/store.ts'

/** What the conditions of a pipeline say about its guarded nodes, as far as the steps that decide them have ended. */
export async function guardsOf(
  tx: Tx,
  parent: JobRow,
  plan: PipelinePlan,
): Promise<Record<string, NonNullable<NodeState['guard']>>> {
  const guards: Record<string, NonNullable<NodeState['guard']>> = {}
  if (plan.conditional !== true) return guards
  const asked = new Map<string, Promise<boolean | undefined>>()
  const valueFrom = ({ source }: Guard): Promise<boolean | undefined> => {
    if (source.kind === 'literal') return Promise.resolve(source.value)
    const key = `${source.node}.${source.output}`
    const answer = asked.get(key) ?? decided(tx, parent, source)
    asked.set(key, answer)
    return answer
  }
  for (const [key, { only = [] }] of Object.entries(plan.nodes)) {
    if (only.length === 0) continue
    const values = await Promise.all(only.map(async guard => [await valueFrom(guard), guard.when]))
    const against = values.some(([value, when]) => value !== undefined && value !== when)
    guards[key] = against ? 'skip' : values.some(([value]) => value === undefined) ? 'wait' : 'run'
  }
  return guards
}

async function decided(
  tx: Tx,
  parent: JobRow,
  { node, output }: { node: string; output: string },
): Promise<boolean | undefined> {
  const row = await childInTx(tx, parent.name, node)
  if (row?.status !== 'Completed') return undefined
  const made = own(JSON.parse(row.outputs) as Record<string, StoredOutput>, output)
  return made?.value === undefined ? undefined : booleanOf(made.value)
}

/** Ends a step that a condition leaves out, with all its own steps. */
export async function skipInTx(needs: Pick<JobNeeds, 'tracking'>, tx: Tx, row: JobRow): Promise<void> {
  if (row.status !== 'NotStarted') return
  const message = 'skipped: a condition of the pipeline left it out'
  const change = { end_time: tx.now.toISOString(), error: JSON.stringify({ message }) }
  await moveJob(tx, row, 'cancel', change, { message })
  await needs.tracking.setRunStatus(tx, row.name, 'KILLED', tx.now.getTime())
  for (const child of row.type === 'command' ? [] : await childrenInTx(tx, row.name)) await skipInTx(needs, tx, child)
}
