import type { Tensor } from './tensor.ts'

/** Rows with column names, or without. Cells are as JSON gave them; text when they come from CSV. */
export interface Table {
  readonly kind: 'table'
  readonly columns: readonly string[] | undefined
  readonly rows: readonly (readonly unknown[])[]
  readonly text: boolean
}

/** One nested list, or a single value. */
export interface NestedInput {
  readonly kind: 'nested'
  readonly value: unknown
}

/** Nested lists by name that are not columns of equal length. */
export interface NamedInput {
  readonly kind: 'named'
  readonly values: Readonly<Record<string, unknown>>
}

export interface TensorsInput {
  readonly kind: 'tensors'
  readonly tensors: readonly Tensor[]
}

export type ModelInput = Table | NestedInput | NamedInput | TensorsInput

/** What a caller asks of a model, whichever protocol it came by. */
export interface InferenceRequest {
  readonly input: ModelInput
  readonly params?: Readonly<Record<string, unknown>>
  /** Open Inference Protocol: the caller's id, the outputs it wants, and which of them as bytes. */
  readonly id?: string
  readonly outputs?: readonly { readonly name: string; readonly binary: boolean }[]
  readonly binaryOutputs?: boolean
}

/** A cell that a record does not have. */
export const absent: unique symbol = Symbol('absent')

/** The JSON name of what was found, for messages. */
export function foundText(value: unknown): string {
  if (value === absent) return 'nothing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `string '${value.slice(0, 80)}'`
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' || typeof value === 'bigint' ? `number ${value}` : typeof value
}
