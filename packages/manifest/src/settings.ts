import type { z } from 'zod'
import type { Origins } from './origins.ts'
import { refusal } from './problems.ts'
import { readYaml } from './read-yaml.ts'
import { schemasAt } from './schema-walk.ts'
import { isMap, own, type YamlMap } from './tree.ts'

type Step = { key: string; index: boolean }

/** `jobs.train.inputs[0].a\.b` as steps; brackets make a list index. Undefined when it is not a path. */
function stepsOf(path: string): Step[] | undefined {
  const steps: Step[] = []
  const pattern = /\[(\d{1,6})\]|(?:^|\.)((?:\\.|[^.[\]\\])+)/y
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path)
    if (match === null) return undefined
    const [, index, key = ''] = match
    steps.push(index === undefined ? { key: key.replace(/\\(.)/g, '$1'), index: false } : { key: index, index: true })
  }
  return steps.length === 0 ? undefined : steps
}

const words: Record<string, unknown> = { true: true, false: false, null: null, '~': null }

/** A value as YAML would read it: number, boolean, null, flow map or list; anything else is the text itself. */
function typedValue(text: string, label: string, origins: Origins): unknown {
  if (/^(true|True|TRUE|false|False|FALSE|null|Null|NULL|~)$/.test(text)) return words[text.toLowerCase()]
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text)
  if (!/^[{[]/.test(text)) return text
  try {
    return readYaml(text, label, origins)
  } catch {
    // Braces that are not YAML are a text, e.g. `{{name}} is here`.
    return text
  }
}

const accepts = (spec: z.ZodType, pointer: string[], root: unknown, value: unknown): boolean =>
  schemasAt(spec, pointer, root).some(schema => (schema as z.ZodType).safeParse(value).success)

function stepInto(container: YamlMap | unknown[], step: Step, next: Step, fail: (message: string) => Error) {
  const current = Array.isArray(container) ? container[Number(step.key)] : own(container, step.key)
  if (isMap(current) || Array.isArray(current)) return current
  if (current !== undefined && current !== null) {
    throw fail(`'${step.key}' is ${typeof current === 'string' ? `the text '${current.slice(0, 80)}'` : 'one value'}`)
  }
  return next.index ? [] : {}
}

function put(container: YamlMap | unknown[], step: Step, value: unknown, fail: (message: string) => Error): void {
  if (!Array.isArray(container)) {
    if (step.index) throw fail(`[${step.key}] needs a list`)
    if (step.key === '__proto__') throw fail(`the key '${step.key}' is not allowed`)
    container[step.key] = value
    return
  }
  const index = Number(step.key)
  if (!/^\d{1,6}$/.test(step.key) || index > container.length) {
    throw fail(`'${step.key}' is not a place in a list of ${container.length}`)
  }
  container[index] = value
}

/**
 * Applies one `--set a.b[0].c=value` to a tree. Missing maps and lists on the way are made; an index may be written
 * `a[0]` or, where a list already is, `a.0`; a dot in a key is written `\.`. The value is read as YAML would, but stays
 * text where the schema takes only text. Throws `invalid` for a path that leads through a text, as a reference is one.
 */
export function applySetting(root: YamlMap, setting: string, spec: z.ZodType, origins: Origins): void {
  const label = `--set ${setting}`
  const equals = setting.indexOf('=')
  const path = setting.slice(0, Math.max(equals, 0)).trim()
  const steps = stepsOf(path)
  const fail = (message: string) =>
    refusal(
      { property: path, message, sent: setting, hint: 'write --set <property>.<property>=<value>' },
      { file: label },
    )
  if (equals < 1 || steps === undefined) throw fail('this is not a property path and a value')
  let container: YamlMap | unknown[] = root
  for (const [position, step] of steps.entries()) {
    const next = steps[position + 1]
    if (next === undefined) break
    const inner = stepInto(container, step, next, fail)
    put(container, step, inner, fail)
    if (origins.place(inner, '') === undefined) origins.begin(inner, { file: label })
    container = inner
  }
  const last = steps.at(-1) as Step
  const text = setting.slice(equals + 1)
  if (text.includes('\0')) throw fail('the value holds the NUL character')
  const value = typedValue(text, label, origins)
  put(container, last, value, fail)
  const pointer = steps.map(step => step.key)
  if (
    typeof value !== 'object' &&
    typeof value !== 'string' &&
    !accepts(spec, pointer, root, value) &&
    accepts(spec, pointer, root, text)
  ) {
    put(container, last, text, fail)
  }
  origins.mark(container, last.key, { place: { file: label }, ...(typeof value === 'number' ? { number: text } : {}) })
}
