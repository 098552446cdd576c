import {
  type CommandComponentSpec,
  type ComponentSpec,
  HaganeError,
  type PipelineComponentSpec,
  parseAssetReference,
} from '@hagane/contract'
import { type PlanContext, within } from './plan-command.ts'
import type { DeclaredInputs } from './plan-inputs.ts'

export type Identity = { name: string; version: string; digest: string } | undefined

/** The inputs a component declares, by name. */
export const declaredInputs = (component: ComponentSpec): DeclaredInputs => component.inputs ?? {}

/** A component by reference, or as written in place (then without an identity). */
export async function loadComponent(
  context: PlanContext,
  reference: string | ComponentSpec,
  at: string,
): Promise<{ component: CommandComponentSpec | PipelineComponentSpec; identity: Identity }> {
  if (typeof reference !== 'string') return { component: reference, identity: undefined }
  const parsed = parseAssetReference(reference)
  if (parsed === undefined)
    throw new HaganeError('invalid', `${at}.component: '${reference}' does not name a component`, {
      hint: 'use azureml:<name>:<version>, azureml:<name>@latest, or a path to its YAML (the CLI reads it)',
    })
  const found = await within(at, 'component', () =>
    context.needs.components.resolve(context.workspace, parsed.name, parsed.version ?? `@${parsed.label ?? 'latest'}`),
  )
  return { component: found.spec, identity: { name: found.name, version: found.version, digest: found.digest } }
}
