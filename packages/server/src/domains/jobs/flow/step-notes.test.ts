import { buildTestApp, logOf, runJob } from '@hagane/testkit'
import { expect, it } from 'vitest'

it('says at the head of the log what the environment has otherwise than its author wrote', async () => {
  await using app = await buildTestApp()
  const job = {
    type: 'command',
    command: 'echo done',
    environment: { image: 'ubuntu', conda_file: { dependencies: ['python=3.99'] } },
  }
  const done = await runJob(app.client, job)
  expect(done.status, done.error?.message).toBe('Completed')
  const [first, second] = (await logOf(app.client, done.name)).split('\n')
  expect(first).toMatch(/^hagane: environment: python 3\.99 is not on this machine: 3\.\d+\.\d+ was taken$/)
  expect(second).toBe('done')
})
