import type { Column } from '../inference/columns.ts'
import { jsonSchemaOfColumns, jsonSchemaOfTensors } from '../inference/json-schema.ts'
import type { ModelDescription } from '../serving/worker.ts'
import type { OnnxSession } from './session.ts'

/** What the gateway tells of an ONNX model: its tensors, and the schemas for its OpenAPI document. */
export function describeOnnx(
  { inputs, outputs }: OnnxSession,
  columns: readonly Column[] | undefined,
  batching: boolean,
): ModelDescription {
  const input = columns === undefined ? jsonSchemaOfTensors('input_data', inputs) : jsonSchemaOfColumns(columns)
  return {
    kind: 'onnx',
    needs_head: false,
    batching,
    swagger: { documents: {}, input, output: jsonSchemaOfTensors(undefined, outputs) },
    metadata: { platform: 'onnxruntime_onnx', inputs: [...inputs], outputs: [...outputs] },
  }
}
