import { type Kysely, sql } from 'kysely'
import type { Database } from '../../kernel/db/index.ts'
import type { EventRow } from '../../kernel/events/index.ts'
import type { Fact, Graph } from './graph-of-event.ts'
import type { LineageTables } from './tables.ts'

/** Writes what events say. Seeing an event twice changes nothing; facts of a node add up, later ones win. */
export async function storeGraphs(db: Database, graphs: readonly { event: EventRow; graph: Graph }[]): Promise<void> {
  await db.writes.transaction().execute(async tx => {
    const on = tx.withTables<LineageTables>() as unknown as Kysely<LineageTables>
    for (const { event, graph } of graphs) {
      for (const node of [...graph.edges.flatMap(edge => [edge.from, edge.to]), ...graph.nodes])
        await putNode(on, event.workspace, node)
      for (const edge of graph.edges) await putEdge(on, event, edge.from.id, edge.to.id, edge.relation)
    }
  })
}

async function putNode(on: Kysely<LineageTables>, workspace: string, node: Fact): Promise<void> {
  const known = await on
    .selectFrom('lineage_nodes')
    .select('facts')
    .where('workspace', '=', workspace)
    .where('id', '=', node.id)
    .executeTakeFirst()
  if (known !== undefined && node.facts === undefined) return
  const facts = JSON.stringify({ ...(known === undefined ? {} : JSON.parse(known.facts)), ...node.facts })
  await on
    .insertInto('lineage_nodes')
    .values({ workspace, id: node.id, kind: node.kind, name: node.name, facts })
    .onConflict(conflict => conflict.columns(['workspace', 'id']).doUpdateSet({ facts: sql`excluded.facts` }))
    .execute()
}

async function putEdge(
  on: Kysely<LineageTables>,
  event: EventRow,
  from_id: string,
  to_id: string,
  relation: string,
): Promise<void> {
  await on
    .insertInto('lineage_edges')
    .values({
      workspace: event.workspace,
      from_id,
      to_id,
      relation,
      actor: event.actor,
      time: event.time,
      seq: event.seq,
    })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}
