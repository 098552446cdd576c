import { componentRoutes } from '@hagane/contract'
import { eachDialect } from '@hagane/testkit'
import { expect, it } from 'vitest'
import { eventsAfter } from '../../kernel/events/index.ts'
import { buildHttp } from '../../kernel/http/index.ts'
import { buildLog } from '../../kernel/log.ts'
import { buildComponents } from './index.ts'

eachDialect('components', database => {
  const create = async (body: object) => {
    const http = buildHttp(
      buildComponents({
        db: database.db(),
        requireRegistry: async () => {},
        isRegistry: async () => false,
      }).routes,
      {
        db: database.db(),
        log: buildLog('silent'),
        authenticate: async () => ({ actor: 'local:tester', can: () => true }),
        bodyLimit: 2 ** 20,
        allowedHosts: [],
      },
    )
    const answer = await http.inject({ method: 'POST', url: componentRoutes.create.path, payload: body })
    return { status: answer.statusCode, body: answer.json() }
  }
  const events = async () => (await eventsAfter(database.db(), 0, 1000)).length

  it('answers a version that is created again as it was, and refuses to change it', async () => {
    const component = { name: 'greet', version: '1.0', type: 'command', command: 'echo hello' }
    const first = await create(component)
    expect(first.status).toBe(201)
    const told = await events()

    const again = await create(component)
    expect(again.status).toBe(201)
    expect(again.body.creation_context).toEqual(first.body.creation_context)
    expect(await events()).toBe(told)

    const other = await create({ ...component, command: 'echo goodbye' })
    expect(other).toMatchObject({
      status: 409,
      body: { error: { message: 'component greet:1.0 already exists, and versions never change' } },
    })
  })
  it('counts up when no version is given, also for equal content', async () => {
    const component = { name: 'count', type: 'command', command: 'true' }
    expect((await create(component)).body.version).toBe('1')
    expect((await create(component)).body.version).toBe('2')
  })
})
