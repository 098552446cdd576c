import { isScalar, LineCounter, parseDocument } from 'yaml'
import type { Origins, Place } from './origins.ts'
import { refusal } from './problems.ts'
import { templateHint, YamlReader } from './yaml-reader.ts'

const largestText = 8 * 2 ** 20

/** A YAML document that can be made into as many trees as are asked for. */
export interface YamlSource {
  /** Plain maps and lists; the place of every key is noted in `origins`. */
  tree(origins: Origins): unknown
}

/** Parses one YAML 1.2 document. Throws `invalid` with the place for anything else. */
export function parseYaml(source: string, file: string): YamlSource {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source
  if (text.length > largestText) {
    const allowed = `at most ${largestText} characters`
    throw refusal({ message: 'the file is too large to be a manifest', allowed }, { file })
  }
  const lines = new LineCounter()
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const { contents, errors } = parsed(text, file, lines)
  const [problem] = errors
  if (problem !== undefined) {
    throw refusal(explained(problem.code, problem.message, lineAt(text, problem.pos[0])), placeOf(problem.pos[0]))
  }
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    throw refusal({ message: 'the file is empty', hint: 'write at least a name or a type' }, { file, line: 1 })
  }
  return { tree: origins => new YamlReader(origins, placeOf).tree(contents) }
}

/** The tree of one YAML document; the place of every key is noted in `origins`. */
export const readYaml = (source: string, file: string, origins: Origins): unknown =>
  parseYaml(source, file).tree(origins)

function parsed(text: string, file: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false, logLevel: 'error' })
  } catch (cause) {
    if (cause instanceof RangeError) throw refusal({ message: 'the YAML is nested too deeply' }, { file })
    throw refusal(
      { message: `the file is not YAML: ${cause instanceof Error ? cause.message : String(cause)}` },
      { file },
    )
  }
}

const lineAt = (text: string, offset: number): string =>
  text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 200).split('\n', 1)[0] ?? ''

function explained(code: string, message: string, line: string) {
  if (message.includes('call stack')) return { message: 'the YAML is nested too deeply' }
  if (code === 'MULTIPLE_DOCS') {
    return {
      message: 'the file holds more than one YAML document',
      hint: 'put each document into a file of its own (split at the line "---")',
    }
  }
  return {
    message: `the file is not valid YAML: ${message}`,
    hint: line.includes('{{')
      ? templateHint
      : 'check indentation, colons and quotes on this line; a text that starts with { [ * & ! % @ needs quotes',
  }
}
