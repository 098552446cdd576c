import type { Distribution } from '../types.ts'

/** One process of a distributed step. `essential`: the step is done when all of these are; others are ended then. */
export interface Rank {
  variables: Record<string, string>
  essential: boolean
}

const HOST = '127.0.0.1'

/** Ports that the processes agree on: one for the rendezvous, or one for each TensorFlow server. */
export const portsNeeded = (distribution: Distribution): number =>
  distribution.type === 'tensorflow' ? distribution.instances + distribution.parameterServers : 1

/** How many processes the step consists of. */
export const rankCount = (distribution: Distribution): number =>
  distribution.type === 'tensorflow'
    ? distribution.instances + distribution.parameterServers
    : distribution.instances * distribution.processesPerInstance

/**
 * The variables by which the processes of a step find each other, as Azure ML sets them for its launchers; all nodes are
 * this host. `ports` holds `portsNeeded` free ports.
 * PyTorch: https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables
 * TensorFlow: https://www.tensorflow.org/guide/distributed_training#TF_CONFIG
 * Open MPI: https://docs.open-mpi.org/en/main/tuning-apps/environment-var.html
 */
export function ranksOf(distribution: Distribution, ports: readonly number[]): Rank[] {
  if (distribution.type === 'tensorflow') return tensorflowRanks(distribution, ports)
  const { instances, processesPerInstance: local } = distribution
  return Array.from({ length: instances * local }, (_, rank) => ({
    essential: true,
    variables: {
      ...placeOf(`rank_${rank}`, Math.floor(rank / local), instances),
      MASTER_ADDR: HOST,
      MASTER_PORT: String(ports[0]),
      ...(distribution.type === 'pytorch' ? torchVariables : mpiVariables)(rank, distribution),
      ...(distribution.type === 'mpi' ? { AZ_BATCH_MASTER_NODE: `${HOST}:${ports[0]}` } : {}),
    },
  }))
}

const placeOf = (process: string, node: number, nodes: number): Record<string, string> => ({
  AZUREML_PROCESS_NAME: process,
  AZUREML_CR_NODE_RANK: String(node),
  AZ_BATCH_HOST_LIST: Array(nodes).fill(HOST).join(','),
})

const torchVariables = (
  rank: number,
  { instances, processesPerInstance: local }: Distribution,
): Record<string, string> => ({
  RANK: String(rank),
  LOCAL_RANK: String(rank % local),
  NODE_RANK: String(Math.floor(rank / local)),
  WORLD_SIZE: String(instances * local),
  LOCAL_WORLD_SIZE: String(local),
})

const mpiVariables = (
  rank: number,
  { instances, processesPerInstance: local }: Distribution,
): Record<string, string> => ({
  OMPI_COMM_WORLD_RANK: String(rank),
  OMPI_COMM_WORLD_SIZE: String(instances * local),
  OMPI_COMM_WORLD_LOCAL_RANK: String(rank % local),
  OMPI_COMM_WORLD_LOCAL_SIZE: String(local),
  OMPI_COMM_WORLD_NODE_RANK: String(rank % local),
  OMPI_UNIVERSE_SIZE: String(instances * local),
  AZ_BATCHAI_MPI_MASTER_NODE: HOST,
})

/** Parameter servers serve until they are ended; the list of them is there even when it is empty, since scripts remove it. */
function tensorflowRanks({ instances, parameterServers }: Distribution, ports: readonly number[]): Rank[] {
  const addresses = ports.map(port => `${HOST}:${port}`)
  const cluster = {
    worker: addresses.slice(0, instances),
    ps: addresses.slice(instances, instances + parameterServers),
  }
  const ranks = (type: 'worker' | 'ps', count: number): Rank[] =>
    Array.from({ length: count }, (_, index) => ({
      essential: type === 'worker',
      variables: {
        ...placeOf(`${type}_${index}`, type === 'worker' ? index : 0, instances),
        TF_CONFIG: JSON.stringify({ cluster, task: { type, index }, environment: 'cloud' }),
      },
    }))
  return [...ranks('worker', instances), ...ranks('ps', parameterServers)]
}
