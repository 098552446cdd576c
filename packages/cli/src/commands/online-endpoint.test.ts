import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { collectionRoutes, endpointRoutes } from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind } from '../testing/contract-server.ts'
import { folderWith } from '../testing/files.ts'
import { deploymentOf, endpointOf } from '../testing/online-things.ts'
import type { runCli } from '../testing/run-cli.ts'
import { withRoutes } from '../testing/with-routes.ts'
import { sharesOf } from './traffic.ts'

describe('traffic', () => {
  it.each([
    [['blue=90 green=10'], { blue: 90, green: 10 }],
    [['blue=90', 'green=10'], { blue: 90, green: 10 }],
    [['blue=90,green=10%'], { blue: 90, green: 10 }],
  ])('is read from %j', (words, expected) => {
    expect(sharesOf(words, '--traffic')).toEqual(expected)
  })

  it.each([['blue'], ['blue=many'], ['blue=-1'], ['blue=1000']])('refuses %s', word => {
    expect(() => sharesOf([word], '--traffic')).toThrow('--traffic')
  })
})

describe('online-endpoint', () => {
  it('create takes a name alone, or a file that flags win over', async () => {
    const bodies: unknown[] = []
    const create = bind(endpointRoutes.create, ({ body }) => {
      bodies.push(body)
      return endpointOf()
    })
    const cwd = folderWith({ 'e.yml': 'name: other\nauth_mode: key\n' })
    await withRoutes(
      [create],
      async run => {
        expect((await run('online-endpoint', 'create', '-n', 'flights')).code).toBe(0)
        await run('online-endpoint', 'create', '-f', 'e.yml', '--name', 'flights', '--auth-mode', 'aml_token')
        expect(bodies).toMatchObject([{ name: 'flights' }, { name: 'flights', auth_mode: 'aml_token' }])
        expect((await run('online-endpoint', 'create')).code).toBe(2)
        await run('online-endpoint', 'create', '--local', '-n', 'near')
        expect(bodies.at(-1)).toMatchObject({ name: 'near', properties: { 'hagane.local': 'true' } })
      },
      cwd,
    )
  })

  it('update sends the traffic alone, without asking for anything else', async () => {
    const bodies: unknown[] = []
    const update = bind(endpointRoutes.update, ({ body }) => {
      bodies.push(body)
      return endpointOf()
    })
    await withRoutes([update], async (run, requests) => {
      await run('online-endpoint', 'update', '-n', 'flights', '--traffic', 'blue=90 green=10')
      await run('online-endpoint', 'update', '-n', 'flights', '--mirror-traffic', 'green=20')
      expect(bodies).toEqual([{ traffic: { blue: 90, green: 10 } }, { mirror_traffic: { green: 20 } }])
      expect(requests).toHaveLength(2)
    })
  })

  it('update changes one tag, and says what can be changed when nothing is', async () => {
    const bodies: unknown[] = []
    const routes = [
      bind(endpointRoutes.show, () => endpointOf({ tags: { a: '1' } })),
      bind(endpointRoutes.update, ({ body }) => {
        bodies.push(body)
        return endpointOf()
      }),
    ]
    await withRoutes(routes, async run => {
      await run(
        'online-endpoint',
        'update',
        '-n',
        'flights',
        '--set',
        'tags.b=2',
        'traffic.blue=80',
        'traffic.green=20',
      )
      expect(bodies).toEqual([{ tags: { a: '1', b: '2' }, traffic: { blue: 80, green: 20 } }])
      expect(await run('online-endpoint', 'update', '-n', 'flights')).toMatchObject({
        code: 2,
        err: /nothing to update/,
      })
    })
  })

  it('update with a file takes nothing away by flags', async () => {
    const cwd = folderWith({ 'e.yml': 'name: flights\n' })
    await withRoutes(
      [],
      async (run, requests) => {
        for (const noun of ['online-endpoint', 'batch-endpoint', 'online-deployment', 'batch-deployment'])
          expect(await run(noun, 'update', '-f', 'e.yml', '--remove', 'tags.a')).toMatchObject({
            code: 2,
            err: /--remove tags\.a does not go with --file/,
          })
        expect(requests).toEqual([])
      },
      cwd,
    )
  })

  it('delete asks, and without a terminal wants --yes', async () => {
    await withRoutes([bind(endpointRoutes.delete, () => ({ ok: true as const }))], async (run, requests) => {
      expect(await run('online-endpoint', 'delete', '-n', 'flights')).toMatchObject({ code: 1, err: /add --yes/ })
      expect(requests).toEqual([])
      expect((await run('online-endpoint', 'delete', '-n', 'flights', '--yes')).code).toBe(0)
    })
  })
})

describe('online-endpoint invoke', () => {
  /** A scoring address that answers what it was sent. */
  async function withScoring(
    answer: { status: number; body: string },
    work: (run: (...argv: string[]) => ReturnType<typeof runCli>, seen: unknown[]) => Promise<void>,
  ) {
    const seen: unknown[] = []
    const scoring = createServer(async (request, response) => {
      const { authorization, 'azureml-model-deployment': deployment } = request.headers
      seen.push({ authorization, deployment, body: await text(request) })
      response.writeHead(answer.status, { 'x-hagane-prediction-id': 'pr-1', 'azureml-model-deployment': 'blue' })
      response.end(answer.body)
    })
    await new Promise<void>(resolve => scoring.listen(0, '127.0.0.1', resolve))
    const scoring_uri = `http://127.0.0.1:${(scoring.address() as AddressInfo).port}/score`
    const routes = [
      bind(endpointRoutes.show, () => endpointOf({ scoring_uri })),
      bind(endpointRoutes.credentials, () => ({ primaryKey: 'secret' })),
    ]
    try {
      await withRoutes(routes, run => work(run, seen), folderWith({ 'request.json': '{"data":[1]}' }))
    } finally {
      scoring.closeAllConnections()
      scoring.close()
    }
  }
  const invoke = ['online-endpoint', 'invoke', '-n', 'flights']

  it('posts the file with the key and tells the prediction id', async () => {
    await withScoring({ status: 200, body: '[0.5]' }, async (run, seen) => {
      const { out, err } = await run(...invoke, '--request-file', 'request.json', '--deployment', 'green')
      expect([JSON.parse(out), err]).toEqual([[0.5], 'prediction pr-1, by blue\n'])
      expect(seen).toEqual([{ authorization: 'Bearer secret', deployment: 'green', body: '{"data":[1]}' }])
    })
  })

  it('prints the answer as a JSON string when called as az ml, as az does', async () => {
    await withScoring({ status: 200, body: '[0.5]' }, async run => {
      expect((await run('az', 'ml', ...invoke, '-r', 'request.json')).out).toBe('"[0.5]"\n')
    })
  })

  it('fails with what the endpoint said', async () => {
    await withScoring({ status: 500, body: 'NameError: x' }, async run => {
      expect(await run(...invoke)).toMatchObject({ code: 1, err: /answered 500: NameError: x/ })
    })
    const body = JSON.stringify({ error: { code: 'not_found', message: "no deployment 'green'" } })
    await withScoring({ status: 404, body }, async run => {
      expect(await run(...invoke)).toMatchObject({ code: 1, err: "error: no deployment 'green'\n" })
    })
  })

  it('names a request file that cannot be read, and a deployment that cannot be one', async () => {
    const cwd = folderWith({ 'folder/a': '' })
    await withRoutes(
      [],
      async (run, requests) => {
        expect(await run(...invoke, '-r', 'nowhere.json')).toMatchObject({
          code: 2,
          err: /--request-file: nowhere\.json cannot be read: there is no such file/,
        })
        expect((await run(...invoke, '-r', 'folder')).err).toContain('folder cannot be read: it is a folder')
        expect(await run(...invoke, '-d', '緑')).toMatchObject({ code: 2, err: /--deployment-name: '緑' is no name/ })
        expect(requests).toEqual([])
      },
      cwd,
    )
  })

  it('says so when the endpoint is not there, with the exit code for that', async () => {
    const routes = [
      bind(endpointRoutes.show, () => endpointOf()),
      bind(endpointRoutes.credentials, () => ({ primaryKey: 'secret' })),
    ]
    await withRoutes(routes, async run => {
      expect(await run(...invoke)).toMatchObject({ code: 3, err: /does not answer at http:\/\/127\.0\.0\.1:1/ })
    })
  })
})

describe('online-endpoint predictions', () => {
  const save = ['online-endpoint', 'predictions', '-n', 'flights', '--output-file', 'p.csv']

  it('writes a file only when all of it is there', async () => {
    const cwd = folderWith({ 'p.csv': 'old' })
    const cut = bind(collectionRoutes.exportPredictions, (_asked, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('id\n')
      setTimeout(() => response.destroy(), 50)
      return ''
    })
    await withRoutes([cut], async run => expect((await run(...save)).code).toBe(1), cwd)
    expect(readFileSync(join(cwd, 'p.csv'), 'utf8')).toBe('old')
    const whole = bind(collectionRoutes.exportPredictions, () => 'id\n1\n')
    await withRoutes([whole], async run => expect((await run(...save)).code).toBe(0), cwd)
    expect(readFileSync(join(cwd, 'p.csv'), 'utf8')).toBe('id\n1\n')
    expect(readdirSync(cwd)).toEqual(['p.csv'])
  })

  it('refuses flags that a file would not obey', async () => {
    await withRoutes([], async run => {
      for (const flags of [
        ['--prediction', 'pr-1'],
        ['--max-results', '5'],
      ])
        expect(await run(...save, ...flags)).toMatchObject({ code: 2, err: /--output-file writes all rows/ })
      expect(await run(...save.slice(0, -1), 'none/p.csv')).toMatchObject({ code: 2, err: /there is no folder none/ })
    })
  })
})

it('online-endpoint compare tells of a deployment that was never there', async () => {
  const nothing = { compared: 0, agreed: 0, different: 0, mirrored: 0, unanswered: 0, live_failed: 0, shadow_failed: 0 }
  const more = { only_live: 0, only_shadow: 0, other_shape: 0, columns: [], worst: [] }
  const routes = [
    bind(collectionRoutes.comparison, ({ query: { live, shadow } }) => ({
      ...{ endpoint: 'flights', live, shadow, since: '2026-11-26T00:00:00.000Z', tolerance: 0 },
      ...nothing,
      ...more,
    })),
    bind(endpointRoutes.listDeployments, () => ({ items: [deploymentOf({ name: 'blue' })] })),
  ]
  await withRoutes(routes, async run => {
    const { code, err } = await run('online-endpoint', 'compare', '-n', 'flights', '--live', 'blue', '--shadow', 'gren')
    expect([code, err]).toEqual([
      0,
      "warning: nothing was mirrored, and flights has no deployment 'gren'; it has blue\n",
    ])
  })
})
