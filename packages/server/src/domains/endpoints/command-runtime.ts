import { type GatewayRuntime, HaganeError, type OnlineDeploymentSpec } from '@hagane/contract'
import type { InferenceConfig } from './types.ts'

type CommandRuntime = Extract<GatewayRuntime, { kind: 'command' }>

/** Hagane's own property, since Azure ML has the command in the image: `properties: { hagane.command: … }`. */
export const COMMAND = 'hagane.command'

/** Where Azure ML's own inference server listens and what it answers; what a configuration leaves out is taken from here. */
const usual = { port: 5001, liveness: '/', readiness: '/', scoring: '/score' }

/**
 * The server that a deployment brings: its start command and routes. undefined where a scoring script or an MLflow model
 * is served, also when their environment has the `inference_config` of a container around the same inference server.
 * Throws `unsupported` for a server that only an image knows how to start.
 */
export function serverOf(
  spec: OnlineDeploymentSpec,
  config: InferenceConfig | undefined,
  isMlflow: boolean,
): Pick<CommandRuntime, 'command' | 'liveness_route' | 'readiness_route' | 'scoring_route'> | undefined {
  const command = spec.properties?.[COMMAND]?.trim()
  if (command === undefined || command === '') {
    if (config === undefined || isMlflow || isPythonScript(spec)) return undefined
    throw new HaganeError(
      'unsupported',
      `environment.inference_config: how the server of image '${imageOf(spec)}' is started is known inside the image only, and images are not run here`,
      {
        hint: `say how it is started on this machine: properties: { ${COMMAND}: 'my-server --port $PORT' }, with its packages in environment.conda_file`,
        details: [{ property: `properties.${COMMAND}`, message: 'the start command is missing' }],
      },
    )
  }
  const port = (config?.scoring_route ?? config?.readiness_route ?? config?.liveness_route)?.port ?? usual.port
  return {
    command,
    liveness_route: config?.liveness_route ?? { path: usual.liveness, port },
    readiness_route: config?.readiness_route ?? { path: usual.readiness, port },
    scoring_route: config?.scoring_route ?? { path: usual.scoring, port },
  }
}

const isPythonScript = (spec: OnlineDeploymentSpec): boolean =>
  spec.code_configuration?.scoring_script.endsWith('.py') === true

const imageOf = ({ environment }: OnlineDeploymentSpec): string =>
  typeof environment === 'object' ? (environment.image ?? 'built from build.path') : (environment ?? '')
