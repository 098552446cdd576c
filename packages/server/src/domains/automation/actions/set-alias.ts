import { parseOrThrow, setAliasAction } from '@hagane/contract'
import { render, type Values } from '../expressions.ts'
import type { Performer } from './performer.ts'

export const aliasOf = (given: unknown, values: Values, property: string) =>
  parseOrThrow(setAliasAction, render(given, values, property), property)

/** Points an alias at a version; that and the note of it are one transaction. */
export const setAlias: Performer = {
  async begin(needs, { run, row, action, values, who, record }) {
    const { model, alias } = aliasOf(action.set_alias, values, `do.${row.position}.set_alias`)
    const { name, version } = await needs.models.resolve(run.workspace, model)
    await needs.db.withTransaction(who, async tx => {
      await record(tx, { state: 'succeeded', result: { model: `${name}:${version}`, name, version, alias } })
      await needs.models.setAlias(tx, name, alias, version)
    })
  },
}
