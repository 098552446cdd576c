import {
  type componentInput,
  dataInputTypes,
  findExpressions,
  HaganeError,
  type JobInput,
  parseReference,
  pythonText,
  wholeExpression,
} from '@hagane/contract'
import type { z } from 'zod'
import type { JobNeeds } from '../model/needs.ts'
import { booleanOf } from '../model/output-kind.ts'
import { own } from '../model/own-property.ts'
import type { InputMode, InputValue } from '../model/plan.ts'
import type { StepBudget } from './budget.ts'
import { gather } from './gather.ts'
import { judgeType, typeOf } from './input-types.ts'
import { refusePortNames } from './names.ts'

type Declared = z.output<typeof componentInput>
export type DeclaredInputs = Record<string, Declared>

export interface InputContext {
  needs: Pick<JobNeeds, 'data' | 'models'>
  workspace: string
  budget: StepBudget
  /** Where the inputs stand, for messages: `jobs.train`. */
  at: string
  /** Set aside instead of failing: what a strict reader would refuse and Azure ML does not. */
  warn: (message: string) => void
}

const modelTypes = ['mlflow_model', 'custom_model', 'triton_model']
const isContentType = (type: string | undefined): boolean =>
  type !== undefined && (dataInputTypes as readonly string[]).includes(type)

/** Values for all inputs a component declares; what it does not declare is dropped with a warning, as Azure ML does. */
export async function planDeclaredInputs(
  context: InputContext,
  declared: DeclaredInputs,
  given: Record<string, JobInput>,
): Promise<Record<string, InputValue>> {
  refusePortNames(context.at, 'inputs', Object.keys(declared))
  for (const name of Object.keys(given))
    if (!Object.hasOwn(declared, name))
      context.warn(`${context.at}.inputs.${name}: the component has no such input; it is left out`)
  const values = Object.entries(declared).map(([name, declaration]) => async (): Promise<[string, InputValue]> => {
    const property = `${context.at}.inputs.${name}`
    const value = await planInput(context, name, own(given, name), declaration ?? undefined)
    if (value.kind === 'none' && declaration?.optional !== true) throw missing(context, name, declaration?.type)
    judgeType(property, declaration?.type, typeOf(own(given, name)), context.warn)
    checkLimits(property, value, declaration)
    return [name, value]
  })
  return Object.fromEntries(await gather(context.budget, values))
}

/** Values of inputs that a job declares and gives at once. */
export async function planOwnInputs(
  context: InputContext,
  given: Record<string, JobInput>,
): Promise<Record<string, InputValue>> {
  refusePortNames(context.at, 'inputs', Object.keys(given))
  const values = Object.entries(given).map(([name, input]) => async (): Promise<[string, InputValue]> => {
    const value = await planInput(context, name, input, undefined)
    const declared = typeof input === 'object' ? input : null
    if (value.kind === 'none' && declared !== null && declared.optional !== true)
      throw missing(context, name, declared.type)
    return [name, value]
  })
  return Object.fromEntries(await gather(context.budget, values))
}

async function planInput(
  context: InputContext,
  name: string,
  given: JobInput | undefined,
  declared: Declared | undefined,
): Promise<InputValue> {
  const spec = typeof given === 'object' && given !== null ? given : undefined
  const type = spec?.type ?? declared?.type
  const mode: InputMode = spec?.mode ?? declared?.mode ?? 'ro_mount'
  const literal = spec === undefined ? given : (spec.path ?? spec.value ?? spec.default)
  const value = literal ?? declared?.path ?? declared?.default
  if (value === undefined || value === null) return { kind: 'none' }
  if (typeof value !== 'string') return { kind: 'literal', text: pythonText(value) }
  const bound = bindingOf(value, mode, spec?.mode !== undefined)
  if (bound !== undefined) return bound
  const scopes = new Set(findExpressions(value).map(expression => expression.scope))
  if (scopes.has('job-output') || scopes.has('job-input')) throw partOfText(context, name, value)
  if (scopes.has('parent-input')) return { kind: 'template', text: value }
  if (spec?.path === undefined && !isContentType(type)) return { kind: 'literal', text: value }
  return planContent(context, name, value, type, mode)
}

function bindingOf(value: string, mode: InputMode, explicit: boolean): InputValue | undefined {
  const expression = wholeExpression(value)
  if (expression?.scope === 'parent-input')
    return { kind: 'parent-input', name: expression.name, ...(explicit ? { mode } : {}) }
  if (expression?.scope === 'job-output' && expression.node !== undefined)
    return { kind: 'node-output', node: expression.node, output: expression.name, mode }
  if (expression?.scope === 'job-input' && expression.node !== undefined)
    return { kind: 'node-input', node: expression.node, name: expression.name, ...(explicit ? { mode } : {}) }
  return undefined
}

async function planContent(
  context: InputContext,
  name: string,
  uri: string,
  type: string | undefined,
  mode: InputMode,
): Promise<InputValue> {
  const { needs, workspace } = context
  const reference = parseReference(uri)
  try {
    const readable = /^https?:/.test(uri) || needs.data.mirror.find(uri) !== undefined
    if (reference.form === 'url' && (mode === 'direct' || !readable)) return { kind: 'address', uri }
    if (reference.form === 'datastore') {
      await needs.data.datastores.check(workspace, reference.datastore, reference.path)
      return mode === 'direct' ? { kind: 'address', uri } : { kind: 'late', uri, mode }
    }
    if (
      reference.form === 'model' ||
      (reference.form === 'registry' && reference.kind === 'models') ||
      (type !== undefined && modelTypes.includes(type) && (reference.form === 'asset' || reference.form === 'registry'))
    ) {
      const model = await needs.models.resolve(workspace, uri)
      return { kind: 'content', tree: model.tree, path: model.path, mode, uri, asset: model.id, type: model.type }
    }
    const content = await needs.data.resolve(workspace, uri)
    return {
      kind: 'content',
      tree: content.tree,
      path: content.path,
      mode,
      uri,
      ...(content.asset === undefined ? {} : { asset: content.asset }),
      ...(type === undefined ? {} : { type }),
    }
  } catch (error) {
    if (!(error instanceof HaganeError)) throw error
    throw new HaganeError(error.kind, `${context.at}.inputs.${name}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: [{ property: `${context.at}.inputs.${name}`, message: error.message, sent: uri }],
    })
  }
}

/** Throws invalid when a literal is not what the component allows for this input. */
export function checkLimits(property: string, value: InputValue, declared: Declared | undefined): void {
  if (value.kind !== 'literal' || declared === null || declared === undefined) return
  const refuse = (allowed: unknown): never => {
    throw new HaganeError('invalid', `${property}: '${value.text}' is not allowed here`, {
      details: [{ property, message: 'outside what the component allows', sent: value.text, allowed }],
    })
  }
  if (declared.enum !== undefined && !declared.enum.map(pythonText).includes(value.text)) refuse(declared.enum)
  if (declared.type === 'boolean' && booleanOf(value.text) === undefined) refuse('true or false')
  const isNumber = declared.type === 'number' || declared.type === 'integer'
  if (isNumber && !Number.isFinite(Number(value.text))) refuse(declared.type)
  if (isNumber && declared.type === 'integer' && !Number.isInteger(Number(value.text))) refuse('integer')
  if (isNumber && declared.min !== undefined && Number(value.text) < declared.min) refuse(`at least ${declared.min}`)
  if (isNumber && declared.max !== undefined && Number(value.text) > declared.max) refuse(`at most ${declared.max}`)
}

const partOfText = (context: InputContext, name: string, sent: string): HaganeError => {
  const property = `${context.at}.inputs.${name}`
  return new HaganeError('invalid', `${property}: what another step makes cannot be part of a text`, {
    details: [
      { property, message: 'a binding inside a text', sent, allowed: '${{parent.jobs.<step>.outputs.<name>}}' },
    ],
    hint: 'bind the whole output, and add the rest in the command',
  })
}

const missing = (context: InputContext, name: string, type: string | undefined): HaganeError =>
  new HaganeError('invalid', `${context.at}.inputs.${name}: this input is required and has no value`, {
    details: [
      {
        property: `${context.at}.inputs.${name}`,
        message: 'required',
        ...(type === undefined ? {} : { allowed: type }),
      },
    ],
    hint: `give it in the YAML, or with --set ${context.at === 'job' ? '' : `${context.at}.`}inputs.${name}=VALUE`,
  })
