import { detailsOfIssue, didYouMean, limitOf, nearestWord, settleIssue } from '@hagane/contract'
import { z } from 'zod'
import type { Loading } from './loading.ts'
import { allowedTexts, childSchemas, knownKeys, type Schema, schemasAt, schemasOf } from './schema-walk.ts'
import { isMap, type Pointer, propertyName, valueAt, type YamlMap } from './tree.ts'

type Issue = z.core.$ZodIssue

const pointerOf = (issue: Issue): Pointer => issue.path.map(key => (typeof key === 'number' ? key : String(key)))

const kindOf = (value: unknown): string => {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (isMap(value)) return 'a map'
  return typeof value === 'string' ? `the text '${value.slice(0, 80)}'` : `${typeof value} ${String(value)}`
}

const named: Record<string, string> = { record: 'map', object: 'map', array: 'list', string: 'text', int: 'integer' }
const expectedText = (expected: string): string =>
  expected
    .split(' or ')
    .map(kind => named[kind] ?? kind)
    .filter((kind, index, all) => all.indexOf(kind) === index)
    .join(' or ')

function kindHint(expected: string, sent: unknown): string | undefined {
  if (expected === 'string' && (typeof sent === 'number' || typeof sent === 'boolean')) {
    return `write it in quotes: "${String(sent)}"`
  }
  if (expected === 'boolean' && typeof sent === 'string' && /^(yes|no|on|off)$/i.test(sent))
    return 'write true or false'
  return `write a ${expectedText(expected)}`
}

interface Wording {
  message: string
  hint?: string | undefined
  allowed?: unknown
}

function wordingOfMissing(name: string, property: string, allowed: unknown): Wording {
  return { message: `missing required property '${name}'`, allowed, hint: `add ${property}` }
}

function wordingOfFormat(issue: Issue, sent: unknown, property: string): Wording {
  const text = typeof sent === 'string' ? sent.slice(0, 80) : ''
  const placeholder = /[<>{}]/.test(text)
  return {
    message: `'${text}' is not allowed: ${issue.message}`,
    allowed: issue.message,
    hint: placeholder ? `fill in the placeholder, or give --set ${property}=<value>` : `choose another ${property}`,
  }
}

function wordingOfChoice(name: string, property: string, sent: unknown, allowed: string[]): Wording {
  if (sent === undefined) return wordingOfMissing(name, property, allowed)
  const likely = typeof sent === 'string' ? didYouMean(sent, allowed) : ''
  const message = `${kindOf(sent)} is not one of the allowed values${likely}`
  return { message, allowed, hint: `use ${allowed.join(', ')}` }
}

/** Message, hint and allowed values in the words of a YAML author. */
function worded(issue: Issue, sent: unknown, spec: z.ZodType): Wording {
  const name = String(issue.path.at(-1) ?? '')
  const property = propertyName(pointerOf(issue))
  if (issue.code === 'invalid_type') {
    const allowed = expectedText(issue.expected)
    if (sent === undefined && name !== '') return wordingOfMissing(name, property, allowed)
    return { message: `expected ${allowed}, got ${kindOf(sent)}`, allowed, hint: kindHint(issue.expected, sent) }
  }
  if (issue.code === 'invalid_value') {
    const all = name === 'type' ? allowedTexts(spec, pointerOf(issue)) : []
    return wordingOfChoice(name, property, sent, [...new Set([...issue.values.map(String), ...all])])
  }
  if (issue.code === 'invalid_union') {
    return wordingOfChoice(name, property, sent, allowedTexts(spec, pointerOf(issue)))
  }
  if (issue.code === 'invalid_format') return wordingOfFormat(issue, sent, property)
  return issue.code === 'too_small' || issue.code === 'too_big'
    ? wordingOfLimit(issue, sent, limitOf(issue))
    : { message: issue.message }
}

/** What is too small is named where that is short; what is too long is not repeated. */
function wordingOfLimit(issue: Issue, sent: unknown, allowed: string): Wording {
  const short = typeof sent === 'string' ? sent.length <= 80 : typeof sent !== 'object'
  const empty = sent === '' || (Array.isArray(sent) && sent.length === 0)
  const found = empty ? 'it is empty' : short ? `${String(sent)} is not allowed` : 'the size is not allowed'
  return { message: `${found}; allowed is ${allowed}`, allowed, hint: `give ${String(issue.path.at(-1))} ${allowed}` }
}

/** A key that another form of the map knows is no slip: it does not go together with the rest. */
function wordingOfUnknown(message: string, key: string, allowed: string[]): Wording {
  if (allowed.includes(key)) {
    const together = `'${key}' does not go together with the other properties here`
    return { message: together, allowed, hint: `remove ${key}, or what does not belong to it` }
  }
  if (allowed.length === 0) return { message, hint: `remove ${key}` }
  const likely = nearestWord(key, allowed)
  return {
    message: `${message}${didYouMean(key, allowed)}`,
    allowed,
    hint: likely === undefined ? `allowed here: ${allowed.join(', ')}` : `write ${likely}`,
  }
}

function reportUnknownKeys(loading: Loading, spec: z.ZodType, root: unknown, issue: Issue & { keys: string[] }): void {
  const pointer = pointerOf(issue)
  const schemas = schemasAt(spec, pointer, root)
  if (schemas.length === 0) return // no form has this type, which is told; what else stands there cannot be judged
  const allowed = knownKeys(schemas)
  for (const [index, detail] of detailsOfIssue(issue, root).entries()) {
    const key = issue.keys[index] ?? ''
    loading.problems.error(
      { ...detail, ...wordingOfUnknown(detail.message, key, allowed) },
      loading.origins.placeAt(root, [...pointer, key]),
    )
  }
}

function report(loading: Loading, spec: z.ZodType, root: unknown, issue: Issue): void {
  if (issue.code === 'unrecognized_keys') {
    reportUnknownKeys(loading, spec, root, issue)
    return
  }
  const pointer = pointerOf(issue)
  for (const detail of detailsOfIssue(issue, root)) {
    loading.problems.error(
      { ...detail, ...worded(issue, valueAt(root, pointer), spec) },
      loading.origins.placeAt(root, pointer),
    )
  }
}

/** Tells of a key that an open map takes although it does not know it, when it looks like a slip of a known one. */
function warnOfSlip(loading: Loading, map: YamlMap, pointer: Pointer, key: string, known: readonly string[]): void {
  if (known.length === 0 || known.includes(key) || key === '$schema') return
  const likely = nearestWord(key, known)
  if (likely === undefined) return
  const message = `unknown property '${key}' has no effect; did you mean '${likely}'?`
  loading.problems.warn(
    { property: propertyName([...pointer, key]), message, allowed: known, hint: `write ${likely}` },
    loading.origins.place(map, key),
  )
}

function warnOfSlips(loading: Loading, schemas: readonly Schema[], value: unknown, pointer: Pointer): void {
  if (typeof value !== 'object' || value === null || schemas.length === 0) return
  const known = knownKeys(schemas)
  for (const [key, child] of Object.entries(value)) {
    if (isMap(value)) warnOfSlip(loading, value, pointer, key, known)
    warnOfSlips(loading, childSchemas(schemas, key, child), child, [...pointer, key])
  }
}

/** Parses the tree with the contract's schema; every issue becomes a problem with its place. Undefined when it fails. */
export function validate<R>(loading: Loading, spec: z.ZodType<R>, root: unknown): R | undefined {
  const result = z.safeParse(spec, root)
  if (!result.success) {
    for (const issue of result.error.issues.flatMap(settleIssue)) report(loading, spec, root, issue)
    return undefined
  }
  warnOfSlips(loading, schemasOf(spec, root), root, [])
  return result.data
}
