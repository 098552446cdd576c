import { describe, expect, it } from 'vitest'
import { portsNeeded, rankCount, ranksOf } from './rank-variables.ts'

const counts = { instances: 2, processesPerInstance: 3, parameterServers: 0 }
const variablesOf = (type: 'pytorch' | 'tensorflow' | 'mpi', more: Partial<typeof counts> = {}) =>
  ranksOf({ type, ...counts, ...more }, [7001, 7002, 7003]).map(({ variables }) => variables)
const each = (list: Record<string, string>[], name: string) => list.map(variables => variables[name])

describe('the processes of a distributed step find each other', () => {
  it('PyTorch: one rank for each process of each node, and one address', () => {
    const all = variablesOf('pytorch')
    expect(each(all, 'RANK')).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(each(all, 'LOCAL_RANK')).toEqual(['0', '1', '2', '0', '1', '2'])
    expect(each(all, 'NODE_RANK')).toEqual(['0', '0', '0', '1', '1', '1'])
    for (const variables of all)
      expect(variables).toMatchObject({
        WORLD_SIZE: '6',
        LOCAL_WORLD_SIZE: '3',
        MASTER_ADDR: '127.0.0.1',
        MASTER_PORT: '7001',
      })
  })
  it('TensorFlow: a list of workers, an empty list of parameter servers, and who this is', () => {
    const all = variablesOf('tensorflow').map(({ TF_CONFIG = '' }) => JSON.parse(TF_CONFIG))
    expect(all).toHaveLength(2)
    for (const [index, config] of all.entries())
      expect(config).toMatchObject({
        cluster: { worker: ['127.0.0.1:7001', '127.0.0.1:7002'], ps: [] },
        task: { type: 'worker', index },
      })
  })
  it('TensorFlow: the end of the workers is the end of the step, whatever the parameter servers do', () => {
    const ranks = ranksOf({ type: 'tensorflow', ...counts, parameterServers: 1 }, [7001, 7002, 7003])
    expect(ranks.map(({ essential }) => essential)).toEqual([true, true, false])
    expect(JSON.parse(ranks[2]?.variables.TF_CONFIG ?? '')).toMatchObject({
      cluster: { ps: ['127.0.0.1:7003'] },
      task: { type: 'ps', index: 0 },
    })
  })
  it('MPI: what Open MPI tells its ranks, and the names of Azure', () => {
    const all = variablesOf('mpi')
    expect(each(all, 'OMPI_COMM_WORLD_RANK')).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(each(all, 'OMPI_COMM_WORLD_LOCAL_RANK')).toEqual(['0', '1', '2', '0', '1', '2'])
    expect(each(all, 'AZUREML_CR_NODE_RANK')).toEqual(['0', '0', '0', '1', '1', '1'])
    expect(all[4]).toMatchObject({
      OMPI_COMM_WORLD_SIZE: '6',
      OMPI_COMM_WORLD_LOCAL_SIZE: '3',
      AZ_BATCHAI_MPI_MASTER_NODE: '127.0.0.1',
      AZ_BATCH_HOST_LIST: '127.0.0.1,127.0.0.1',
      AZUREML_PROCESS_NAME: 'rank_4',
    })
  })
  it.each(['pytorch', 'tensorflow', 'mpi'] as const)('%s: as many ranks and ports as are announced', type => {
    const distribution = { type, ...counts, parameterServers: 1 }
    const ranks = ranksOf(distribution, Array(portsNeeded(distribution)).fill(1))
    expect(ranks).toHaveLength(rankCount(distribution))
  })
})
