import type { LineageEdge, LineageNode } from '@hagane/contract'
import type { Database } from '../../kernel/db/index.ts'
import type { LineageTables } from './tables.ts'

type NodeRow = LineageTables['lineage_nodes']
const on = (db: Database) => db.reads.withTables<LineageTables>()
const CHUNK = 400

export async function nodesById(db: Database, workspace: string, ids: readonly string[]): Promise<NodeRow[]> {
  const rows: NodeRow[] = []
  for (let i = 0; i < ids.length; i += CHUNK)
    rows.push(
      ...(await on(db)
        .selectFrom('lineage_nodes')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('id', 'in', ids.slice(i, i + CHUNK))
        .execute()),
    )
  return rows
}

/** Edges that leave (`up`: what these depend on) or reach (`down`: what depends on these) a set of nodes, oldest first. */
export async function edgesOf(
  db: Database,
  workspace: string,
  ids: readonly string[],
  direction: 'up' | 'down',
): Promise<LineageEdge[]> {
  const edges: LineageEdge[] = []
  for (let i = 0; i < ids.length; i += CHUNK) {
    const rows = await on(db)
      .selectFrom('lineage_edges')
      .selectAll()
      .where('workspace', '=', workspace)
      .where(direction === 'up' ? 'from_id' : 'to_id', 'in', ids.slice(i, i + CHUNK))
      .orderBy('seq')
      .execute()
    edges.push(
      ...rows.map(row => ({
        from: row.from_id,
        to: row.to_id,
        relation: row.relation,
        actor: row.actor,
        time: row.time,
        event: row.seq,
      })),
    )
  }
  return edges
}

/** The newest revision of a deployment, when it is named without one. */
export async function latestNode(db: Database, workspace: string, prefix: string): Promise<string | undefined> {
  const row = await on(db)
    .selectFrom('lineage_edges')
    .select('from_id')
    .where('workspace', '=', workspace)
    .where('from_id', '>=', prefix)
    .where('from_id', '<', `${prefix}\u{10FFFF}`)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.from_id
}

export const toNode = (row: NodeRow, depth: number): LineageNode => ({
  id: row.id,
  kind: row.kind as LineageNode['kind'],
  name: row.name,
  facts: JSON.parse(row.facts),
  depth,
})
