import { fullyDecoded, invalidParameter } from '../tracking/index.ts'

/** What a version of a prompt has instead of files. */
const PROMPT_SOURCES: readonly string[] = ['dummy-source', 'prompt-template']

/** Where the files of a model version are, as its creator said. */
export type Source =
  | { kind: 'logged-model'; modelId: string }
  | { kind: 'registered'; name: string; version: string }
  | { kind: 'alias'; name: string; alias: string }
  | { kind: 'run'; runId: string; path: string }
  | { kind: 'location'; uri: string }

const invalidSource = (source: string, why: string) =>
  invalidParameter(`Invalid model version source: '${source}'. ${why}`)

/**
 * Checks and reads the source of a new version. Paths on a machine are refused: the server would read its own files for whoever
 * asks (CVE-2023-1177 and its successors). Relative parts are refused in any encoding.
 */
export function parseSource(source: string): Source {
  if (isLocal(source))
    throw invalidSource(
      source,
      'To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.',
    )
  refuseRelative(source)
  const model = /^models:\/+([^/@]+)(?:\/([^/@]+)|@([^/@]+))?\/?$/.exec(source)
  if (model !== null) {
    const [, name = '', version, alias] = model
    if (alias !== undefined) return { kind: 'alias', name, alias }
    if (version !== undefined) return { kind: 'registered', name, version }
    if (name.startsWith('m-')) return { kind: 'logged-model', modelId: name }
  }
  if (source.startsWith('models:'))
    throw invalidSource(source, "It must be 'models:/<name>/<version>', 'models:/<name>@<alias>' or 'models:/m-<id>'.")
  const run = /^runs:\/+([^/]+)(?:\/(.*))?$/.exec(source)
  if (run !== null) return { kind: 'run', runId: run[1] ?? '', path: (run[2] ?? '').replace(/\/+$/, '') }
  return { kind: 'location', uri: source }
}

/** No scheme, a `file:` scheme, a drive letter, or a path. */
const isLocal = (source: string): boolean => /^file:/i.test(source) || !/^[a-z][a-z0-9+.-]+:/i.test(source)

function refuseRelative(source: string): void {
  const why =
    'If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.'
  const decoded = decodeOr(source, why)
  if (decoded.includes('\0') || decoded.split(/[/\\?#&=]/).includes('..')) throw invalidSource(source, why)
  const [path = ''] = decoded.replace(/^[a-z][a-z0-9+.-]+:(\/\/[^/]*)?/i, '').split(/[?#]/)
  if (path.split('/').includes('.')) throw invalidSource(source, why)
}

function decodeOr(source: string, why: string): string {
  try {
    return fullyDecoded(source)
  } catch {
    throw invalidSource(source, why)
  }
}

/** A version of a prompt has no files, so its source is one of the fixed words. */
export function checkPromptSource(source: string): void {
  if (!PROMPT_SOURCES.includes(source))
    throw invalidParameter(`Invalid prompt source: '${source}'. Prompt sources must use an MLflow placeholder.`)
}
