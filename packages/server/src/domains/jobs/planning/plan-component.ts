import type { ComponentSpec } from '@hagane/contract'
import { type Loaded, type PlanContext, within } from './plan-command.ts'
import type { DeclaredInputs } from './plan-inputs.ts'

export type Identity = Loaded['identity']

/** The inputs a component declares, by name. */
export const declaredInputs = (component: ComponentSpec): DeclaredInputs => component.inputs ?? {}

/** A component by reference, or as written in place (then without an identity). */
export async function loadComponent(
  context: PlanContext,
  reference: string | ComponentSpec,
  at: string,
): Promise<Loaded> {
  if (typeof reference !== 'string') return { component: reference, identity: undefined }
  const known = context.components.get(reference)
  if (known !== undefined) return known
  const found = await within(at, 'component', () => context.needs.components.resolve(context.workspace, reference))
  const loaded = { component: found.spec, identity: { name: found.name, version: found.version, digest: found.digest } }
  context.components.set(reference, loaded)
  return loaded
}
