import { didYouMean, findExpressions } from '@hagane/contract'
import { isDataType } from './expand-inputs.ts'
import type { Loading } from './loading.ts'
import { type Cursor, isMap, mapAt, own, type YamlMap } from './tree.ts'

const declaredIn = (component: YamlMap, key: 'inputs' | 'outputs'): YamlMap => {
  const declared = own(component, key)
  return isMap(declared) ? declared : {}
}

const isRequired = (declared: unknown): boolean =>
  isMap(declared) && own(declared, 'optional') !== true && own(declared, 'default') === undefined

/** One value given to one declared input: a plain text for a data input is its path. Another type than declared is told. */
function bindInput(loading: Loading, inputs: Cursor, name: string, declared: unknown): void {
  const type = isMap(declared) ? own(declared, 'type') : undefined
  const given = own(inputs.map, name)
  if (typeof given === 'string' && isDataType(type) && !given.includes('${{')) {
    const data = { type, path: given }
    loading.origins.adopt(inputs.map, name, data)
    inputs.map[name] = data
    return
  }
  const sent = isMap(given) ? own(given, 'type') : undefined
  if (isMap(given) && isDataType(sent) && isDataType(type) && sent !== type) {
    loading.warn(inputs, name, `the component declares ${type}, this is ${sent}; what is given wins`)
  }
}

/**
 * Fits the inputs and outputs of a node, or of a pipeline job that is a component, to the component written out in it.
 * As with Azure ML, an input that the component does not declare is dropped with a warning. A required input that is
 * missing and an output that does not exist are errors.
 */
export function bindComponent(loading: Loading, node: Cursor, component: YamlMap): void {
  bindInputs(loading, node, declaredIn(component, 'inputs'))
  bindOutputs(loading, node, component)
}

/** The same for a sweep and its trial, to which the search space gives the rest of its inputs. */
export function bindTrial(loading: Loading, sweep: Cursor, trial: YamlMap): void {
  const searched = mapAt(sweep, 'search_space')?.map ?? {}
  const command = own(trial, 'command')
  const used = findExpressions(typeof command === 'string' ? command : '').filter(({ scope }) => scope === 'input')
  // its command may use inputs of the sweep that it does not declare
  const known = [
    ...used.map(({ name }): [string, null] => [name, null]),
    ...Object.entries(declaredIn(trial, 'inputs')),
  ]
  bindInputs(loading, sweep, Object.fromEntries(known.filter(([name]) => !Object.hasOwn(searched, name))))
  bindOutputs(loading, sweep, trial)
}

function bindInputs(loading: Loading, node: Cursor, declared: YamlMap): void {
  const inputs = mapAt(node, 'inputs')
  for (const name of Object.keys(inputs?.map ?? {})) {
    if (inputs === undefined) break
    if (Object.hasOwn(declared, name)) {
      bindInput(loading, inputs, name, own(declared, name))
      continue
    }
    const names = Object.keys(declared)
    loading.warn(inputs, name, `the component has no input '${name}'; it is left out${didYouMean(name, names)}`, {
      allowed: names,
    })
    delete inputs.map[name]
  }
  for (const [name, spec] of Object.entries(declared)) {
    if (!isRequired(spec) || (inputs !== undefined && Object.hasOwn(inputs.map, name))) continue
    loading.wrong(node, 'inputs', `the component needs the input '${name}'`, {
      hint: `add inputs.${name}, or declare it optional or with a default in the component`,
    })
  }
}

function bindOutputs(loading: Loading, node: Cursor, component: YamlMap): void {
  const outputs = mapAt(node, 'outputs')
  const known = declaredIn(component, 'outputs')
  for (const name of Object.keys(outputs?.map ?? {})) {
    if (outputs === undefined || name === 'artifacts' || Object.hasOwn(known, name)) continue
    const names = Object.keys(known)
    loading.wrong(outputs, name, `the component has no output '${name}'${didYouMean(name, names)}`, { allowed: names })
  }
}
