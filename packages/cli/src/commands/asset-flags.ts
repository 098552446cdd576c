import { count, list, requiredText, text, toggle } from '../grammar/flags.ts'
import { UsageError } from '../grammar/usage-error.ts'

/** Flags that name one version of an asset. */
export const versionFlags = {
  name: requiredText('-n, --name <name>', 'name of the asset'),
  version: text('-v, --version <version>', 'version (default: the latest)'),
  label: text('-l, --label <label>', 'label that points at a version, such as latest'),
}

/** Flags of every list. */
export const listFlags = {
  maxResults: count('-r, --max-results <n>', 'how many at most'),
  includeArchived: toggle('--include-archived', 'also what was archived'),
  archivedOnly: toggle('--archived-only', 'only what was archived'),
}

/** Flags of every update. */
export const changeFlags = {
  set: list('--set <assignments...>', 'property=value, e.g. tags.stage=gold'),
  remove: list('--remove <properties...>', 'property to take away, e.g. tags.stage'),
  forceString: toggle('--force-string', 'keep values of --set as text'),
}

/** A file says the new state, so there is nothing in it to take away. */
export function notWithFile({ file, remove }: { file: string | undefined; remove: readonly string[] }): void {
  if (file === undefined || remove.length === 0) return
  throw new UsageError(`--remove ${remove.join(' ')} does not go with --file`, 'take the property out of the file')
}

/** Flags that describe a new version; they win over the file. */
export const describeFlags = {
  file: text('-f, --file <path>', 'YAML specification'),
  name: text('-n, --name <name>', 'name of the asset'),
  version: text('-v, --version <version>', 'version (default: one more than the last)'),
  description: text('--description <text>', 'description'),
  tags: list('--tags <pairs...>', 'key=value tags'),
  set: list('--set <assignments...>', 'change the specification: property.path=value'),
}

/** Flags of Azure's `create` that mean nothing here. */
export const acceptedFlags = {
  datastore: text('--datastore <name>', 'accepted; content is stored once, by digest', { ignored: true }),
  skipValidation: toggle('--skip-validation', 'accepted', { ignored: true }),
  noWait: toggle('--no-wait', 'accepted', { ignored: true }),
}

/** Refuses a `create` that says nothing about what to create. */
export function needOneOf(command: string, options: Record<string, unknown>, keys: readonly string[]): void {
  if (keys.some(key => options[key] !== undefined)) return
  const flags = keys.map(key => `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`)
  throw new UsageError(`${command} needs ${flags.join(' or ')}`, `see hagane ${command} --help`)
}

/** The version part of a path: the version, `@label`, or `@latest` when neither was given. */
export function versionPart(options: { version: string | undefined; label: string | undefined }): string {
  if (options.version !== undefined && options.label !== undefined) {
    throw new UsageError('--version and --label exclude each other')
  }
  return options.version ?? `@${options.label ?? 'latest'}`
}
