import { jobRoutes } from '@hagane/contract'
import {
  buildTestApp,
  eachDialect,
  engineHere,
  importTestImage,
  logOf,
  runJob,
  stepsOf,
  TEST_IMAGE,
  type TestApp,
  uploadFiles,
} from '@hagane/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const LONG = 120_000
const engine = engineHere ?? 'podman'
const image = { image: TEST_IMAGE }

describe.skipIf(engineHere === undefined)(
  `with ${engineHere ?? 'a container engine, which none here answers as'}`,
  () => {
    beforeAll(() => void importTestImage(engine), LONG)

    eachDialect('steps whose environment has an image', database => {
      let app: TestApp
      beforeAll(async () => {
        app = await buildTestApp({ settings: { database: database.location(), container_engine: engine } })
      })
      afterAll(() => app[Symbol.asyncDispose]())

      it('run in its container, and their results are reused while the image is the same', {
        timeout: LONG,
      }, async () => {
        const job = {
          type: 'pipeline',
          jobs: {
            one: {
              type: 'command',
              command: 'echo "image: $FROM_IMAGE"; echo result > ${{outputs.out}}/r.txt',
              environment: image,
              outputs: { out: { type: 'uri_folder' } },
            },
          },
        }
        const first = await runJob(app.client, job)
        expect(first).toMatchObject({ status: 'Completed' })
        const { one } = await stepsOf(app.client, first.name)
        expect(await logOf(app.client, one?.name ?? '')).toBe('image: yes\n')
        const again = await stepsOf(app.client, (await runJob(app.client, job)).name)
        expect(again.one?.reuse?.from).toBe(one?.name)
      })

      it('run in what their Dockerfile builds, which is built once', { timeout: LONG }, async () => {
        const path = await uploadFiles(app.client, { Dockerfile: `FROM ${TEST_IMAGE}\nENV BUILT=here\nCMD ["true"]\n` })
        const environment = { build: { path: `hagane://trees/${path}` } }
        for (const round of [1, 2]) {
          const job = await runJob(app.client, { type: 'command', command: `echo ${round} $BUILT`, environment })
          expect(job).toMatchObject({ status: 'Completed' })
          expect(await logOf(app.client, job.name)).toBe(`${round} here\n`)
        }
      })

      it('fail with the words of the engine when there is no such image', { timeout: LONG }, async () => {
        const environment = { image: 'localhost/hagane-no-such-image:1' }
        const job = await runJob(app.client, { type: 'command', command: 'true', environment })
        expect(job).toMatchObject({ status: 'Failed', error: { cause: 'container' } })
        expect(job.error?.message).toContain('pulling localhost/hagane-no-such-image:1 failed')
      })

      it('never hand an image to the engine that is an option', { timeout: LONG }, async () => {
        const environment = { image: '--privileged' }
        await expect(runJob(app.client, { type: 'command', command: 'true', environment })).rejects.toMatchObject({
          kind: 'invalid',
          message: expect.stringContaining('is not the name of an image'),
        })
      })

      it('are canceled with their container', { timeout: LONG }, async () => {
        const command = 'echo up; while :; do sleep 1; done'
        const { name } = await app.client.call(jobRoutes.create, {
          body: { job: { type: 'command', command, environment: image } },
        })
        await expect.poll(() => logOf(app.client, name), { timeout: LONG }).toBe('up\n')
        await app.client.call(jobRoutes.cancel, { params: { name } })
        const shown = () => app.client.call(jobRoutes.show, { params: { name } })
        await expect.poll(async () => (await shown()).status, { timeout: LONG }).toBe('Canceled')
      })

      it('have packages beside those of the image', { timeout: LONG }, async () => {
        const environment = { ...image, pip_requirements: '' }
        const job = await runJob(app.client, { type: 'command', command: 'python -c "print(6 * 7)"', environment })
        expect(job.error).toBeUndefined()
        const log = await logOf(app.client, job.name)
        expect(log.split('\n').at(-2)).toBe('42')
      })
    })

    it('takes with `auto` only an image that is there', { timeout: LONG }, async () => {
      await using app = await buildTestApp({ settings: { container_engine: 'auto' } })
      const at = async (environment: object) => {
        const job = await runJob(app.client, {
          type: 'command',
          command: 'echo "from image: $FROM_IMAGE"',
          environment,
        })
        return logOf(app.client, job.name)
      }
      expect(await at(image)).toBe('from image: yes\n')
      expect(await at({ image: 'localhost/hagane-no-such-image:1' })).toBe('from image: \n')
    })
  },
)
