import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The program that runs an ONNX model: its source while this runs from source, otherwise the bundle beside this one or
 * beside the gateway's, looked for upwards since other programs carry the gateway too.
 */
export function onnxProgram(here: string = import.meta.filename): string {
  if (here.endsWith('.ts')) return join(dirname(here), '../onnx/onnx-process.ts')
  const beside = join(dirname(here), 'onnx-process.mjs')
  if (existsSync(beside)) return beside
  for (let folder = dirname(here); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'gateway/dist/onnx-process.mjs')
    if (existsSync(candidate)) return candidate
  }
  throw new Error(`no onnx-process.mjs beside ${here}`)
}
