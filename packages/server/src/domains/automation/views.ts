import type { Page, RuleResource, RuleRun } from '@hagane/contract'
import { numberCursor, pageFrom, textCursor } from '../../kernel/http/index.ts'
import type { RuleNeeds } from './needs.ts'
import { actionsOf, lastRuns, listRules, listRuns } from './reads.ts'
import { toResource, toRun } from './resource.ts'
import { getRule, getRun } from './service.ts'
import type { RuleRow } from './tables.ts'

interface Asked {
  limit: number
  cursor?: string | undefined
}

/** Throws not_found. */
export async function showRule(needs: RuleNeeds, workspace: string, name: string): Promise<RuleResource> {
  const row = await getRule(needs, workspace, name)
  return toResource(row, (await lastRuns(needs.db, [row.id])).get(row.id))
}

/** By name. */
export async function pageOfRules(
  { db }: RuleNeeds,
  workspace: string,
  { limit, cursor }: Asked,
): Promise<Page<RuleResource>> {
  const rows = await listRules(db, workspace, limit + 1, textCursor(cursor))
  const last = await lastRuns(
    db,
    rows.map(row => row.id),
  )
  return pageFrom(
    rows,
    limit,
    row => toResource(row, last.get(row.id)),
    row => [row.name],
  )
}

/** Newest first. Throws not_found. */
export async function pageOfRuns(
  needs: RuleNeeds,
  workspace: string,
  name: string,
  asked: Asked,
): Promise<Page<RuleRun>> {
  const { id } = await getRule(needs, workspace, name)
  const runs = await listRuns(needs.db, id, asked.limit + 1, numberCursor(asked.cursor))
  const actions = await actionsOf(
    needs.db,
    id,
    runs.map(run => run.number),
  )
  return pageFrom(
    runs,
    asked.limit,
    run => toRun(run, actions.get(run.number) ?? []),
    run => [run.number],
  )
}

/** Throws not_found. */
export async function showRun(needs: RuleNeeds, workspace: string, name: string, number: number): Promise<RuleRun> {
  return runOf(needs, await getRule(needs, workspace, name), number)
}

/** Throws not_found. */
export async function runOf(needs: RuleNeeds, rule: RuleRow, number: number): Promise<RuleRun> {
  const run = await getRun(needs, rule, number)
  return toRun(run, (await actionsOf(needs.db, rule.id, [number])).get(number) ?? [])
}
