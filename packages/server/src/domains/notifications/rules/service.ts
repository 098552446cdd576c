import { type AlertRuleResource, type AlertRuleSpec, HaganeError, type Page } from '@hagane/contract'
import type { Database, Who } from '../../../kernel/db/index.ts'
import { pageFrom, textCursor } from '../../../kernel/http/index.ts'
import { creationContextOf } from '../../../kernel/stamps.ts'
import { settleOfRule } from '../alerts/signals.ts'
import type { RuleRow } from '../tables.ts'
import { beginAbsence } from './evaluate.ts'
import { findRule, listRules } from './reads.ts'
import { ruleOf, ruleOfSpec } from './rule.ts'
import { deleteRule, putRule, ruleForUpdate } from './store.ts'

/** Throws not_found. */
export async function showRule(db: Database, workspace: string, name: string): Promise<AlertRuleResource> {
  return toRule((await findRule(db, workspace, name)) ?? (await Promise.reject(noRule(workspace, name))))
}

export async function pageOfRules(
  db: Database,
  workspace: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<AlertRuleResource>> {
  const rows = await listRules(db, workspace, { limit: limit + 1, after: textCursor(cursor) })
  return pageFrom(rows, limit, toRule, row => [row.name])
}

/** Creates a rule, or replaces the one of that name, which begins anew. */
export async function saveRule(db: Database, who: Who, { $schema: _, ...spec }: AlertRuleSpec): Promise<void> {
  ruleOfSpec(spec, who.workspace)
  await db.withTransaction(who, async tx => {
    const before = await ruleForUpdate(tx, spec.name)
    await putRule(tx, spec.name, JSON.stringify(spec), before)
    const row = await ruleForUpdate(tx, spec.name)
    if (row !== undefined && spec.is_enabled) await beginAbsence(tx, ruleOf(row))
    if (before !== undefined) await settleOfRule(tx, spec.name, 'the rule was changed')
    tx.append({
      type: `dev.hagane.alert-rule.${before === undefined ? 'created' : 'updated'}`,
      subject: `alert-rule/${spec.name}`,
      data: { ...spec },
    })
  })
}

/** What the rule raised is resolved. Throws not_found. */
export async function removeRule(db: Database, who: Who, name: string): Promise<void> {
  await db.withTransaction(who, async tx => {
    const row = await ruleForUpdate(tx, name)
    if (row === undefined) throw noRule(who.workspace, name)
    await deleteRule(tx, row)
    await settleOfRule(tx, name, 'the rule was deleted')
    tx.append({ type: 'dev.hagane.alert-rule.deleted', subject: `alert-rule/${name}`, data: { name } })
  })
}

const toRule = (row: RuleRow): AlertRuleResource => ({
  ...JSON.parse(row.spec),
  id: row.id,
  etag: String(row.revision),
  creation_context: creationContextOf(row),
})

const noRule = (workspace: string, name: string): HaganeError =>
  new HaganeError('not_found', `no alert rule '${name}' in workspace ${workspace}`, {
    hint: '`hagane alert-rule list` shows what there is',
  })
