import { HaganeError } from '@hagane/contract'
import { stepToken } from '../step-variable.ts'

/** Identity of an image, as engines tell it. */
export const imageIdentity = /^(sha256:)?[0-9a-f]{64}$/

/** A container that a step's command runs in. */
export interface StepContainer {
  /** Program of the engine, by name or path: `docker` or `podman`. */
  engine: string
  kind: 'docker' | 'podman'
  /** The engine runs without root: its user 0 (docker), or the same number by a map (podman), is who runs it. */
  rootless: boolean
  /** Identity of an image that the engine has: its SHA-256, so that nothing is fetched and no tag can move. */
  image: string
  /** Folders that the command sees read-only at the same path, beside its inputs. */
  readOnly: string[]
}

/** A folder or file of this machine, at a path in the container. */
export interface Mount {
  source: string
  target: string
  readOnly: boolean
}

/** Name of the container of the attempt in a folder: whoever knows the folder finds it, also after a restart. */
export const containerName = (folder: string): string => `hagane-${stepToken(folder)}`

/**
 * Arguments of `docker run` and `podman run`; what is hostile stands behind `--` or in a checked form. Nothing in them is
 * secret: variables come by a file. Without `--rm`, since the exit code is asked for after whoever waited was killed.
 */
export function runArguments(options: {
  container: StepContainer
  folder: string
  workingDirectory: string
  mounts: readonly Mount[]
  user: { uid: number; gid: number }
  command: readonly string[]
}): string[] {
  const { container, folder, mounts, command } = options
  return [
    'run',
    ...['--name', containerName(folder)],
    ...['--pull', 'never', '--init', '--sig-proxy=false', '--log-driver', 'none'],
    // MLFLOW_TRACKING_URI is a loopback address; memory shared between loader processes is as large as on the machine
    ...['--network', 'host', '--ipc', 'host', '--pids-limit', '-1'],
    // a file of the image that has the set-user-id bit must not make root of the user, who sees folders of the machine
    ...['--security-opt', 'no-new-privileges', '--security-opt', 'label=disable'],
    ...userArguments(container, options.user),
    ...['--workdir', options.workingDirectory],
    ...distinct(mounts).flatMap(mountArguments),
    ...['--entrypoint', '/bin/sh'],
    '--',
    checkedImage(container.image),
    ...command,
  ]
}

function userArguments({ kind, rootless }: StepContainer, { uid, gid }: { uid: number; gid: number }): string[] {
  if (!rootless) return ['--user', `${uid}:${gid}`]
  return kind === 'podman' ? ['--userns', 'keep-id', '--user', `${uid}:${gid}`] : ['--user', '0:0']
}

const distinct = (mounts: readonly Mount[]): Mount[] => [
  ...new Map(mounts.map(mount => [mount.target, mount] as const)).values(),
]

/** `--mount` splits at commas, `--volume` at colons; a path that has both cannot be said to any engine. */
function mountArguments({ source, target, readOnly }: Mount): string[] {
  const text = source + target
  if (!/[,"\n\r\0]/.test(text))
    return ['--mount', `type=bind,src=${source},dst=${target}${readOnly ? ',readonly' : ''}`]
  if (!/[:\n\r\0]/.test(text)) return ['--volume', `${source}:${target}${readOnly ? ':ro' : ''}`]
  throw new HaganeError('invalid', `${JSON.stringify(source)} cannot be shown to a container`, {
    hint: 'use a path without commas, quotes and colons, or set container_engine: none',
    details: [{ property: 'path', message: 'holds both "," and ":", or a line break', sent: source }],
  })
}

function checkedImage(image: string): string {
  if (imageIdentity.test(image)) return image
  throw new HaganeError('invalid', `'${image}' is not the identity of an image`, {
    details: [{ property: 'image', message: 'not a SHA-256', sent: image }],
  })
}
