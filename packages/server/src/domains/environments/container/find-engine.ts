import { HaganeError } from '@hagane/contract'
import { run, toolEnvironment } from '@hagane/environments'

const engineSettings = ['auto', 'docker', 'podman', 'none'] as const
export type EngineSetting = (typeof engineSettings)[number]

/** A container engine that answers. */
export interface Engine {
  readonly program: string
  readonly kind: 'docker' | 'podman'
  /** It runs without root. */
  readonly rootless: boolean
}

const ASK_MS = 15_000
/** An engine may be started after the server. */
const ABSENT_HOLDS_MS = 60_000
const OF_ENGINES = /^(DOCKER_|CONTAINERS?_|BUILDKIT_|BUILDAH_|REGISTRY_AUTH_FILE$|STORAGE_)/

/** What an engine's client gets of the server's environment: where it finds its daemon and its registries, no token of ours. */
export const engineEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...toolEnvironment(env),
  ...Object.fromEntries(Object.entries(env).filter(([name]) => OF_ENGINES.test(name))),
})

/**
 * The engine that the setting asks for: with `auto` the first of docker and podman that answers `info`, undefined when none
 * does. Found once; looked for again a minute after it was not. Throws `unavailable` when a named engine does not answer.
 */
export function openEngine(setting: EngineSetting, env: NodeJS.ProcessEnv): () => Promise<Engine | undefined> {
  let known: { engine: Promise<Engine | undefined>; until: number } | undefined
  const search = async (): Promise<Engine | undefined> => {
    for (const kind of setting === 'auto' ? (['docker', 'podman'] as const) : [setting]) {
      const engine = kind === 'none' ? undefined : await answering(kind, env)
      if (engine !== undefined) return engine
    }
    return undefined
  }
  return async () => {
    if (setting === 'none') return undefined
    if (known === undefined || known.until < performance.now()) {
      const mine = { engine: search(), until: Number.POSITIVE_INFINITY }
      known = mine
      if ((await mine.engine) === undefined) mine.until = performance.now() + ABSENT_HOLDS_MS
    }
    const engine = await known.engine
    if (engine === undefined && setting !== 'auto') throw noAnswer(setting)
    return engine
  }
}

async function answering(kind: Engine['kind'], env: NodeJS.ProcessEnv): Promise<Engine | undefined> {
  const format = kind === 'docker' ? '{{json .SecurityOptions}}' : '{{.Host.Security.Rootless}}'
  const question = ['info', '--format', format]
  const answer = await run(kind, question, { env: engineEnvironment(env), timeoutMs: ASK_MS }).catch(() => undefined)
  // a docker without its daemon answers `null` and code 0 in some versions
  if (answer?.code !== 0 || /^(null|\s*)$/.test(answer.stdout)) return undefined
  return { program: kind, kind, rootless: /true|name=rootless/.test(answer.stdout) }
}

const noAnswer = (setting: string): HaganeError =>
  new HaganeError('unavailable', `container_engine: ${setting} does not answer \`${setting} info\``, {
    hint: `start ${setting}, or set container_engine: none to take environments with an image as Python environments`,
    details: [
      { property: 'container_engine', message: 'does not answer', sent: setting, allowed: [...engineSettings] },
    ],
  })
