import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  accessRoutes,
  auditRoutes,
  computeRoutes,
  HaganeError,
  lineageRoutes,
  serverRoutes,
  workspaceRoutes,
} from '@hagane/contract'
import { describe, expect, it } from 'vitest'
import { bind, contractServer } from '../testing/contract-server.ts'
import { newFolder, runCli } from '../testing/run-cli.ts'

const event = (seq: number) => ({
  seq,
  id: `e${seq}`,
  time: '2026-11-23T22:50:10.000Z',
  workspace: 'default',
  actor: 'user:a',
  type: 'dev.hagane.job.submitted',
  subject: 'job/a',
  data: {},
  prev_hash: '0'.repeat(64),
  hash: '1'.repeat(64),
})

const whoami = bind(accessRoutes.whoami, ({ request, workspace }) => {
  const { authorization } = request.headers
  if (authorization !== undefined && authorization !== 'Bearer good') throw new HaganeError('unauthenticated', 'no')
  const actor = authorization === undefined ? `local:${request.headers['x-hagane-actor']}` : 'user:alice'
  return { actor, workspace, permissions: [] }
})

describe('status', () => {
  const status = bind(serverRoutes.status, () => ({
    version: '1',
    pid: 7,
    url: 'u',
    data: 'd',
    database: 'sqlite',
    started_at: 't',
    ready_ms: 1,
    events: 1,
    jobs: { Running: 1 },
  }))

  it('asks the server as such, whatever the workspace', async () => {
    await using server = await contractServer(status)
    const ran = await runCli(['status', '-w', 'team', '--query', 'pid', '-o', 'tsv'], {
      env: { HAGANE_URL: server.url },
    })
    expect([ran.out, server.requests]).toEqual(['7\n', ['GET /api/v1/status']])
  })

  it('ends with 3 when nothing answers', async () => {
    expect((await runCli(['status'], { env: { HAGANE_URL: 'http://127.0.0.1:9' } })).code).toBe(3)
  })
})

describe('login', () => {
  it('tries the token, then keeps it for this server alone', async () => {
    await using server = await contractServer(whoami)
    const config = newFolder()
    const env = { XDG_CONFIG_HOME: config }
    const argv = ['login', '--url', `${server.url}/`, '--token-stdin']
    expect((await runCli(argv, { env, input: 'good\n' })).err).toContain('as user:alice')
    const path = join(config, 'hagane/config.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ url: server.url, tokens: { [server.url]: 'good' } })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await runCli(['access', 'whoami', '--query', 'actor', '-o', 'tsv'], { env })).out).toBe('user:alice\n')
    await runCli(['login', '--forget'], { env })
    expect((await runCli(['access', 'whoami', '--query', 'actor', '-o', 'tsv'], { env })).out).toBe('local:tester\n')
  })

  it('keeps nothing when the server refuses the token', async () => {
    await using server = await contractServer(whoami)
    const config = newFolder()
    const argv = ['login', '--url', server.url, '--token-stdin']
    expect((await runCli(argv, { env: { XDG_CONFIG_HOME: config }, input: 'bad' })).code).toBe(1)
    expect(() => statSync(join(config, 'hagane'))).toThrow('ENOENT')
  })

  it('does not wait for a token where nobody can type one', async () => {
    expect(await runCli(['login'])).toMatchObject({ code: 2, err: /--token-stdin/ })
  })
})

describe('config', () => {
  it('shows each value and where it came from, the token hidden, the settings of the server too', async () => {
    const settings = bind(serverRoutes.config, () => ({ port: { value: 7700, from: 'default' } }))
    await using server = await contractServer(settings)
    const { out } = await runCli(['config', 'show'], { env: { HAGANE_URL: server.url, HAGANE_TOKEN: 'secret' } })
    expect(JSON.parse(out)).toEqual([
      { name: 'url', value: server.url, from: 'HAGANE_URL' },
      { name: 'workspace', value: 'default', from: 'built in' },
      { name: 'actor', value: 'tester', from: 'the name of the local user' },
      { name: 'token', value: '***', from: 'HAGANE_TOKEN' },
      { name: 'server.port', value: 7700, from: 'default' },
    ])
  })

  it('works without a server', async () => {
    const { code, out, err } = await runCli(['config', 'show'], { env: { HAGANE_URL: 'http://127.0.0.1:9' } })
    expect([code, JSON.parse(out).length]).toEqual([0, 4])
    expect(err).toContain('the settings of the server are not shown')
  })

  it('set-context remembers server and workspace and keeps the rest', async () => {
    const env = { XDG_CONFIG_HOME: newFolder() }
    await runCli(['config', 'set-context', '--url', 'http://a:1/', '--workspace', 'team'], { env })
    await runCli(['config', 'set-context', '-w', 'other'], { env })
    const path = join(env.XDG_CONFIG_HOME, 'hagane/config.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ url: 'http://a:1', workspace: 'other' })
    expect((await runCli(['config', 'set-context'], { env })).code).toBe(2)
  })

  it('names a broken file', async () => {
    const env = { XDG_CONFIG_HOME: newFolder() }
    mkdirSync(join(env.XDG_CONFIG_HOME, 'hagane'))
    writeFileSync(join(env.XDG_CONFIG_HOME, 'hagane/config.json'), '{')
    expect(await runCli(['status'], { env })).toMatchObject({ code: 2, err: /config\.json is not a JSON object/ })
  })
})

describe('access', () => {
  it('makes a token, with only what was asked for', async () => {
    const bodies: unknown[] = []
    const create = bind(accessRoutes.createToken, ({ body }) => {
      bodies.push(body)
      return { id: '1', created_at: 't', created_by: 'a', revoked: false, token: 'secret', ...body }
    })
    await using server = await contractServer(create)
    const env = { HAGANE_URL: server.url }
    const argv = ['access', 'token', 'create', '-n', 'ci', '--role', 'contributor']
    expect((await runCli([...argv, '--query', 'token', '-o', 'tsv'], { env })).out).toBe('secret\n')
    await runCli([...argv, '--only-workspace', 'team', '--expires-in-days', '9'], { env })
    expect(bodies).toEqual([
      { name: 'ci', role: 'contributor' },
      { name: 'ci', role: 'contributor', workspace: 'team', expires_in_days: 9 },
    ])
    expect((await runCli(['access', 'token', 'create', '-n', 'ci', '--role', 'king'], { env })).code).toBe(2)
  })
})

describe('audit', () => {
  it('verify ends with 1 when the chain does not hold', async () => {
    const broken = bind(auditRoutes.verify, () => ({ ok: false, count: 4, seq: 5, reason: 'hash differs' }))
    await using server = await contractServer(broken)
    const { code, out } = await runCli(['audit', 'verify'], { env: { HAGANE_URL: server.url } })
    expect([code, JSON.parse(out).seq]).toEqual([1, 5])
  })

  it('export writes the chain as it comes, to stdout or to a file', async () => {
    const exported = bind(auditRoutes.export, ({ query }) => `{"seq":${query.after + 1}}\n`)
    await using server = await contractServer(exported)
    const cwd = newFolder()
    const env = { HAGANE_URL: server.url }
    expect((await runCli(['audit', 'export', '--after', '4'], { env })).out).toBe('{"seq":5}\n')
    await runCli(['audit', 'export', '-f', 'audit.ndjson'], { env, cwd })
    expect(readFileSync(join(cwd, 'audit.ndjson'), 'utf8')).toBe('{"seq":1}\n')
  })

  it('list sends the filters', async () => {
    await using server = await contractServer(bind(auditRoutes.list, () => ({ items: [event(1)] })))
    const argv = ['audit', 'list', '--subject', 'job/*', '--actor', 'user:a', '-o', 'table']
    expect((await runCli(argv, { env: { HAGANE_URL: server.url } })).out).toContain('dev.hagane.job.submitted')
    expect(server.requests[0]).toContain('subject=job%2F*')
  })
})

describe('event watch', () => {
  it('prints one JSON object a line, goes on after a break where it was, and ends at Ctrl-C', async () => {
    let interrupt: () => void = () => undefined
    const asked: unknown[] = []
    const stream = bind(auditRoutes.stream, ({ query }) => {
      asked.push(query.after)
      if (asked.length === 3) interrupt()
      return `: hello\n\nid: 1\ndata: ${JSON.stringify(event(asked.length))}\n\n`
    })
    const list = bind(auditRoutes.list, () => ({ items: [event(7)] }))
    await using server = await contractServer(stream, list)
    const ran = await runCli(['event', 'watch'], { env: { HAGANE_URL: server.url }, onStart: act => (interrupt = act) })
    expect(ran.code).toBe(130)
    expect(asked).toEqual([7, 1, 2])
    const lines = ran.out.trim().split('\n')
    expect(lines.map(line => JSON.parse(line).seq).slice(0, 2)).toEqual([1, 2])
  })
})

describe('lineage', () => {
  const graph = { root: 'model:m:1', nodes: [], edges: [] }
  const show = bind(lineageRoutes.show, () => graph)

  it.each([
    [['model:m:1'], 'of=model%3Am%3A1&direction=up'],
    [['--prediction', 'pr-1'], 'of=prediction%3Apr-1&direction=up'],
    [['--job', 'a', '--direction', 'both', '--depth', '2'], 'of=job%3Aa&direction=both&depth=2'],
  ])('%j asks for %s', async (argv, query) => {
    await using server = await contractServer(show)
    const { out } = await runCli(['lineage', 'show', ...argv], { env: { HAGANE_URL: server.url } })
    expect(JSON.parse(out)).toEqual(graph)
    expect(server.requests[0]).toContain(query)
  })

  it('draws a tree on a terminal', async () => {
    await using server = await contractServer(show)
    const options = { env: { HAGANE_URL: server.url }, terminal: true }
    expect((await runCli(['lineage', 'show', '--model', 'm:1'], options)).out).toBe('model:m:1\n')
  })

  it('wants one thing', async () => {
    expect((await runCli(['lineage', 'show'])).err).toContain('lineage of what?')
    expect((await runCli(['lineage', 'show', 'job:a', '--model', 'm:1'])).code).toBe(2)
  })
})

describe('workspace', () => {
  it('create takes a name alone and does not ask inside a workspace that is not there yet', async () => {
    const made = bind(workspaceRoutes.create, ({ body }) => ({
      id: 'w',
      name: body.name,
      display_name: body.display_name ?? body.name,
      tags: body.tags ?? {},
      mlflow_tracking_uri: 'u',
      etag: '1',
      creation_context: { created_at: 't', created_by: 'a', last_modified_at: 't', last_modified_by: 'a' },
    }))
    await using server = await contractServer(made)
    const env = { HAGANE_URL: server.url }
    const { out } = await runCli(['workspace', 'create', '-w', 'team', '--tags', 'a=1'], { env })
    expect(JSON.parse(out)).toMatchObject({ name: 'team', tags: { a: '1' } })
    expect(server.requests).toEqual(['POST /api/v1/workspaces'])
  })
})

describe('compute', () => {
  const computeOf = (more: object = {}) => ({
    id: 'c',
    name: 'cpu-cluster',
    type: 'amlcompute',
    max_instances: 4,
    tags: {},
    provisioning_state: 'Succeeded' as const,
    driver: 'local' as const,
    cores: 2,
    memory_gib: 8,
    ...more,
  })

  it('create takes flags, update sends the whole with the change, list filters by type', async () => {
    const bodies: unknown[] = []
    await using server = await contractServer(
      bind(computeRoutes.create, ({ body }) => {
        bodies.push(body)
        return computeOf()
      }),
      bind(computeRoutes.show, () => computeOf({ size: 'S' })),
      bind(computeRoutes.list, () => ({ items: [computeOf(), computeOf({ name: 'ci', type: 'computeinstance' })] })),
    )
    const env = { HAGANE_URL: server.url }
    await runCli(['compute', 'create', '-n', 'cpu-cluster', '--type', 'AmlCompute', '--max-instances', '4'], { env })
    await runCli(['compute', 'update', '-n', 'cpu-cluster', '--max-instances', '8'], { env })
    expect(bodies).toEqual([
      { name: 'cpu-cluster', type: 'amlcompute', max_instances: 4 },
      { name: 'cpu-cluster', type: 'amlcompute', size: 'S', max_instances: 8, tags: {} },
    ])
    const list = ['compute', 'list', '--type', 'AmlCompute', '--query', '[].name', '-o', 'tsv']
    expect((await runCli(list, { env })).out).toBe('cpu-cluster\n')
    expect((await runCli(['compute', 'update', '-n', 'cpu-cluster'], { env })).err).toContain('nothing to update')
  })

  it('list-nodes is refused with what to ask instead', async () => {
    expect(await runCli(['compute', 'list-nodes', '-n', 'x'])).toMatchObject({ code: 1, err: /compute show -n x/ })
  })
})
