import { endpointRoutes } from '@hagane/contract'
import { requiredText, text } from '../grammar/flags.ts'
import { verb } from '../invocation.ts'
import { figureColumns, figuresOf, metricPeriodFlags, servingFigures } from './metric-figures.ts'

export const metrics = verb({
  name: 'metrics',
  summary: 'Show requests, errors, latency, queue and workers of an endpoint over a time',
  examples: [
    'hagane online-endpoint metrics -n flights --since 1h -o table',
    'hagane online-endpoint metrics -n flights -d blue --since 7d --step 1h -o table',
  ],
  flags: {
    name: requiredText('-n, --name <name>', 'name of the endpoint'),
    deploymentName: text('-d, --deployment-name <name>', 'this deployment alone'),
    ...metricPeriodFlags,
  },
  run: async (call, options) => {
    const { name, deploymentName } = options
    // an endpoint that does not exist is no endpoint without requests
    if (deploymentName === undefined) await call.client.call(endpointRoutes.show, { params: { name } })
    else await call.client.call(endpointRoutes.showDeployment, { params: { name, deployment: deploymentName } })
    const subject = deploymentName === undefined ? `endpoint/${name}` : `endpoint/${name}/deployment/${deploymentName}`
    await call.print(await figuresOf(call, subject, servingFigures, options), figureColumns)
  },
})
