import { HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'

const property = 'model_mount_path'
/** Where Azure ML mounts a model in a container unless `model_mount_path` says otherwise. */
const usual = String.raw`/var/azureml-app/azureml-models/[^/\s:;,'"]+/[^/\s:;,'"]+`
/** A path begins after none of the characters that a longer path could have there, but for `file://`. */
const before = String.raw`(?:(?<![\w.~/$}-])|(?<=file://))`
const after = String.raw`(?![\w.~-])`

/** Refuses a mount path that no container could have, or that nothing is mounted at. Throws `invalid`. */
export function checkMountPath({ model, model_mount_path: sent }: OnlineDeploymentSpec): void {
  if (sent === undefined) return
  const why = /^(\/[\w@%+=.-]+)+\/*$/.test(sent)
    ? sent.split('/').some(part => part === '.' || part === '..')
      ? "has '.' or '..' in it"
      : model === undefined
        ? 'is the place of a model, and the deployment has none'
        : undefined
    : 'is not an absolute path below /'
  if (why === undefined) return
  throw new HaganeError('invalid', `${property}: '${sent}' ${why}`, {
    details: [
      { property, message: why, sent, allowed: 'an absolute path such as /models, of a deployment with a model' },
    ],
    hint: 'leave it out to have the model where Azure ML mounts it; AZUREML_MODEL_DIR names the place in either case',
  })
}

interface Mount {
  path: string | undefined
  /** Name and version of the model: Azure ML mounts it at `<model_mount_path>/<name>/<version>`. */
  model: { name: string; version: string } | undefined
}

const literally = (text: string): string => text.replace(/[^\w/]/g, String.raw`\$&`)

/** What the mount of a container would be called in a text: Azure ML's fixed path, or `model_mount_path` with or without the model's name. */
function mounted({ path, model }: Mount): RegExp {
  const own = path === undefined ? [] : [literally(path.replace(/\/+$/, ''))]
  const named = model === undefined ? '' : `(?:/${literally(model.name)}/${literally(model.version)}${after})?`
  return new RegExp(`${before}(?:${[usual, ...own.map(one => one + named)].join('|')})${after}`, 'g')
}

/** Environment variables with the path of the mounted model, wherever a value has it, replaced by where the model lies here. */
export const variablesWithModel = (
  variables: Record<string, string>,
  mount: Mount,
  modelDir: string | undefined,
): Record<string, string> =>
  modelDir === undefined
    ? variables
    : Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [name, value.replace(mounted(mount), () => modelDir)]),
      )

/** A shell command that says $AZUREML_MODEL_DIR where it had the path of the mounted model, whatever quotes that stands in. */
export const commandWithModel = (command: string, mount: Mount): string =>
  command.replace(mounted(mount), (_, at: number) => inQuotes[quoteAt(command, at)])

const inQuotes = { none: '"$AZUREML_MODEL_DIR"', double: '$AZUREML_MODEL_DIR', single: `'"$AZUREML_MODEL_DIR"'` }

/** The quotes that a place of a shell command stands in. */
function quoteAt(command: string, place: number): keyof typeof inQuotes {
  let state: keyof typeof inQuotes = 'none'
  for (let at = 0; at < place; at += 1) {
    const character = command[at]
    if (character === '\\' && state !== 'single') at += 1
    else if (character === "'" && state !== 'double') state = state === 'single' ? 'none' : 'single'
    else if (character === '"' && state !== 'single') state = state === 'double' ? 'none' : 'double'
  }
  return state
}
