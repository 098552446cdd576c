import { describe, expect, it } from 'vitest'
import { planDistribution } from './plan-distribution.ts'

const warnings: string[] = []
const plan = (
  distribution: Record<string, unknown> | undefined,
  instances?: number | string,
  around: Partial<Parameters<typeof planDistribution>[2]> = {},
) => {
  warnings.length = 0
  return planDistribution(
    { warn: text => warnings.push(text) },
    {
      ...(distribution === undefined ? {} : { distribution: { type: 'pytorch', ...distribution } }),
      ...(instances === undefined ? {} : { resources: { instance_count: instances } }),
    },
    { at: 'jobs.train', inputs: {}, ...around },
  )
}

describe('the processes of a distributed step', () => {
  it.each([
    [{ type: 'pytorch' }, 4, { type: 'pytorch', instances: 4, processesPerInstance: 1, parameterServers: 0 }],
    [
      { type: 'PyTorch ', process_count_per_instance: 2 },
      undefined,
      { type: 'pytorch', instances: 1, processesPerInstance: 2, parameterServers: 0 },
    ],
    [
      { type: 'Mpi', process_count_per_instance: '2' },
      '3',
      { type: 'mpi', instances: 3, processesPerInstance: 2, parameterServers: 0 },
    ],
    [{ type: 'TensorFlow' }, 3, { type: 'tensorflow', instances: 3, processesPerInstance: 1, parameterServers: 0 }],
    [
      { type: 'tensorflow', worker_count: 2, parameter_server_count: 1 },
      1,
      { type: 'tensorflow', instances: 2, processesPerInstance: 1, parameterServers: 1 },
    ],
  ])('%j on %s nodes', (distribution, instances, expected) => {
    expect(plan(distribution, instances)).toEqual(expected)
    expect(warnings).toEqual([])
  })

  it('is one process without a distribution, and a warning when that may not be what was meant', () => {
    expect(plan(undefined, 4)).toBeUndefined()
    expect(warnings).toEqual([
      'jobs.train.resources.instance_count: it is 4, but without distribution the command runs once',
    ])
    expect(plan(undefined, 1)).toBeUndefined()
    expect(warnings).toEqual([])
  })

  it('takes counts from inputs of the step and of the pipelines around it', () => {
    const around = {
      inputs: {
        own: { kind: 'literal', text: '2' },
        bound: { kind: 'parent-input', name: 'nodes' },
        made: { kind: 'node-output', node: 'a', output: 'b', mode: 'ro_mount' },
      },
      literalOfParent: (name: string) => (name === 'nodes' ? '3' : undefined),
    } as const
    expect(plan({ process_count_per_instance: '${{inputs.own}}' }, '${{parent.inputs.nodes}}', around)).toMatchObject({
      instances: 3,
      processesPerInstance: 2,
    })
    expect(plan({}, '${{inputs.bound}}', around)?.instances).toBe(3)
    expect(() => plan({}, '${{inputs.made}}', around)).toThrow('has no value that is known at submit')
    expect(() => plan({}, '${{parent.inputs.none}}', around)).toThrow('jobs.train.resources.instance_count')
  })

  it.each([
    [{ process_count_per_instance: 0 }, 1, 'jobs.train.distribution.process_count_per_instance'],
    [{ process_count_per_instance: '1.5' }, 1, '1.5'],
    [{ process_count_per_instance: '' }, 1, 'is no count'],
    [{ type: 'tensorflow', parameter_server_count: -1 }, 1, 'parameter_server_count'],
    [{ type: 'horovod' }, 1, "distribution.type: 'horovod' is not known"],
    [{ process_count_per_instance: 64 }, 64, '4096 processes are too many'],
  ])('refuses %j on %i nodes', (distribution, instances, says) => {
    expect(() => plan(distribution, instances)).toThrow(says)
  })
})
