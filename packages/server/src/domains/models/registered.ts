import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import { checkStrictTag, type KeyValue, limits, MlflowError, notFound } from '../tracking/index.ts'
import { type DeployedModels, refuseDeployed } from './deployed.ts'
import { checkModelName } from './names.ts'
import { type FullRegistered, findRegistered, type RegisteredRow, withLatest } from './reads.ts'
import { PROMPT_TAG } from './search-reads.ts'
import {
  deleteRegistered,
  deleteRegisteredTag,
  insertRegistered,
  updateRegistered,
  upsertRegisteredTags,
} from './store.ts'
import { readsOf, writesOf } from './tables.ts'

export const unknownModel = (name: string) => notFound(`Registered Model with name=${name} not found`)

/** Tags of the registry are refused when too long, not cut. */
export const checkedTags = (tags: readonly KeyValue[]): KeyValue[] =>
  tags.map(tag => checkStrictTag(tag, limits.registryTagValue))

/** A prompt is a registered model with this tag; of several, the last counts. */
export const isPromptTagged = (tags: readonly KeyValue[]): boolean =>
  tags.findLast(tag => tag.key === PROMPT_TAG)?.value.toLowerCase() === 'true'

export const appendModelEvent = (tx: Tx, what: string, name: string, data: Record<string, unknown> = {}): void =>
  tx.append({ type: `dev.hagane.model.${what}`, subject: `model/${name}`, data: { name, ...data } })

export async function requireRegistered(tx: Tx, name: string): Promise<RegisteredRow> {
  const row = await findRegistered(writesOf(tx), tx.who.workspace, name)
  if (row === undefined) throw unknownModel(name)
  return row
}

export interface NewRegistered {
  name: string
  description: string | undefined
  tags: readonly KeyValue[]
}

/** Makes a registered model inside a transaction. */
export async function registerIn(tx: Tx, { name, description, tags }: NewRegistered): Promise<void> {
  checkModelName(name)
  const checked = checkedTags(tags)
  const isPrompt = isPromptTagged(checked)
  const holder = await findRegistered(writesOf(tx), tx.who.workspace, name)
  if (holder !== undefined) throw taken(name, holder.is_prompt === 1, isPrompt)
  await insertRegistered(tx, { name, description: description || null, isPrompt, tags: checked })
  appendModelEvent(tx, 'registered', name, {
    tags: Object.fromEntries(checked.map(({ key, value }) => [key, value])),
    ...(isPrompt ? { prompt: true } : {}),
  })
}

function taken(name: string, isPrompt: boolean, wantsPrompt: boolean): MlflowError {
  const [old, wanted] = [isPrompt, wantsPrompt].map(prompt => (prompt ? 'Prompt' : 'Registered Model')) as [
    string,
    string,
  ]
  if (old === wanted) return new MlflowError('RESOURCE_ALREADY_EXISTS', `${wanted} (name=${name}) already exists.`)
  return new MlflowError(
    'RESOURCE_ALREADY_EXISTS',
    `Tried to create a ${wanted.toLowerCase()} with name '${name}', but the name is already taken by a ${old.toLowerCase()}. MLflow does not allow creating a model and a prompt with the same name.`,
  )
}

/** The use cases of registered models, without their versions. */
export function buildRegistered(db: Database, deployed: DeployedModels) {
  return {
    async get(who: Who, name: string): Promise<FullRegistered> {
      const row = await findRegistered(readsOf(db), who.workspace, name)
      const [full] = row === undefined ? [] : await withLatest(readsOf(db), db.dialect, [row])
      if (full === undefined) throw unknownModel(name)
      return full
    },
    create: (who: Who, model: NewRegistered): Promise<void> => db.withTransaction(who, tx => registerIn(tx, model)),
    update: (who: Who, name: string, description: string | undefined): Promise<void> =>
      db.withTransaction(who, async tx => {
        await requireRegistered(tx, name)
        await updateRegistered(tx, name, { description: description ?? null })
        appendModelEvent(tx, 'updated', name, { description: description ?? null })
      }),
    rename: (who: Who, name: string, newName: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        checkModelName(newName, 'new_name')
        await requireRegistered(tx, name)
        if (newName !== name && (await findRegistered(writesOf(tx), who.workspace, newName)) !== undefined)
          throw new MlflowError('RESOURCE_ALREADY_EXISTS', `Registered Model (name=${newName}) already exists.`)
        await updateRegistered(tx, name, { name: newName })
        appendModelEvent(tx, 'renamed', newName, { previous_name: name })
      }),
    remove: (who: Who, name: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        await requireRegistered(tx, name)
        await refuseDeployed(deployed, who.workspace, name)
        await deleteRegistered(tx, name)
        appendModelEvent(tx, 'deleted', name)
      }),
    setTag: (who: Who, name: string, tag: KeyValue): Promise<void> =>
      db.withTransaction(who, async tx => {
        const [checked] = checkedTags([tag]) as [KeyValue]
        await requireRegistered(tx, name)
        await upsertRegisteredTags(tx, name, [checked])
        if (tag.key === PROMPT_TAG) await updateRegistered(tx, name, { is_prompt: isPromptTagged([tag]) ? 1 : 0 })
        appendModelEvent(tx, 'updated', name, { tags: { [tag.key]: tag.value } })
      }),
    deleteTag: (who: Who, name: string, key: string): Promise<void> =>
      db.withTransaction(who, async tx => {
        await requireRegistered(tx, name)
        await deleteRegisteredTag(tx, name, key)
        if (key === PROMPT_TAG) await updateRegistered(tx, name, { is_prompt: 0 })
        appendModelEvent(tx, 'updated', name, { tags: { [key]: null } })
      }),
  }
}
export type RegisteredModels = ReturnType<typeof buildRegistered>
