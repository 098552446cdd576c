import { expect, test } from 'vitest'
import { scoreDeployment } from '../testing/deployments.ts'
import { workerEnvironment } from './worker-environment.ts'

const deployment = scoreDeployment('blue', '', { environment_variables: { MINE: '1', OMP_NUM_THREADS: '7' } })

test('a worker inherits no secret of the gateway and nothing that slows its start', () => {
  const base = {
    PATH: '/bin',
    HOME: '/h',
    HAGANE_TOKEN: 's',
    AWS_SECRET_ACCESS_KEY: 's',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONPATH: '/p',
  }
  const environment = workerEnvironment(deployment, 'iris', base)
  expect(environment).toMatchObject({ HOME: '/h', MINE: '1', HAGANE_ENDPOINT: 'iris' })
  expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['HAGANE_TOKEN']))
  for (const name of ['AWS_SECRET_ACCESS_KEY', 'PYTHONDONTWRITEBYTECODE', 'PYTHONPATH'])
    expect(environment[name]).toBeUndefined()
})

test("the environment's own binaries come first and the deployment's variables win", () => {
  const environment = workerEnvironment(deployment, 'iris', { PATH: '/bin' })
  expect(environment.PATH).toMatch(/\/bin:\/bin$/)
  expect(environment.OMP_NUM_THREADS).toBe('7')
  expect(environment.AZUREML_ENTRY_SCRIPT).toBe('score.py')
})
