import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { catalogue } from './catalogue.ts'
import { newFolder, runCli } from './testing/run-cli.ts'

it.each([[[]], [['--help']], [['-h']], [['help']]])('lists every noun for %j', async argv => {
  const { code, out } = await runCli(argv)
  expect(code).toBe(0)
  for (const { name, summary } of [...catalogue, { name: 'up', summary: 'Start the server' }]) {
    expect(out).toMatch(new RegExp(`^  ${name} +${summary}`, 'm'))
  }
})

it('prints its version', async () => {
  expect((await runCli(['--version'])).out).toBe(`hagane ${manifest.version}\n`)
  expect(JSON.parse((await runCli(['version'])).out)).toEqual({ hagane: manifest.version, node: process.version })
})

it('explains a noun for help <noun>', async () => {
  expect((await runCli(['help', 'job'])).out).toContain('show-services')
})

it.each([
  [['jbo', 'list'], "there is no 'jbo'", 'did you mean job?'],
  [['modle'], "there is no 'modle'", 'did you mean model?'],
  [['-o', 'json', 'job', 'list'], 'a noun comes first', 'hagane --help'],
  [['job', 'list', '--ouput', 'json'], "unknown option '--ouput'", 'did you mean --output?'],
])('answers 2 for %j and helps', async (argv, message, hint) => {
  const { code, err } = await runCli(argv)
  expect(code).toBe(2)
  expect(err).toContain(message)
  expect(err).toContain(hint)
})

it('is the same CLI below ml and az ml', async () => {
  const plain = await runCli(['job', '--help'])
  expect(await runCli(['ml', 'job', '--help'])).toEqual(plain)
  expect(await runCli(['az', 'ml', 'job', '--help'])).toEqual(plain)
})

it.each([
  [['az', 'login']],
  [['az', 'account', 'set', '-s', 'x']],
  [['az', 'extension', 'add', '-n', 'ml', '-y']],
  [['az', 'group', 'create', '-n', 'g', '-l', 'eastus']],
])('has nothing to do for %j, so that scripts written for Azure go on', async argv => {
  expect(await runCli(argv)).toMatchObject({ code: 0, out: '', err: /^hagane: nothing to do for 'az / })
})

it('takes the workspace that az configure --defaults names', async () => {
  const env = { XDG_CONFIG_HOME: newFolder() }
  await runCli(['az', 'configure', '--defaults', 'group=g', 'workspace=team'], { env })
  const file = readFileSync(join(env.XDG_CONFIG_HOME, 'hagane/config.json'), 'utf8')
  expect(JSON.parse(file)).toEqual({ workspace: 'team', azDefaults: { group: 'g' } })
})

it('tells scripts what they ask about subscription, group, defaults and versions', async () => {
  const env = { XDG_CONFIG_HOME: newFolder(), HAGANE_TOKEN: 'secret' }
  const ask = async (...argv: string[]) => (await runCli(['az', ...argv, '-o', 'tsv'], { env })).out.trim()
  expect(await ask('configure', '-l', '--query', "[?name=='group'].value")).toBe('hagane')
  await runCli(['az', 'configure', '-d', 'group=g=1', 'workspace=team', 'location=eastus'], { env })
  expect(await ask('configure', '-l', '--query', "[?name=='workspace'].value")).toBe('team')
  expect(await ask('configure', '-l', '--query', "[?name=='group'].value | [0]")).toBe('g=1')
  expect(await ask('config', 'get', '--query', "defaults[?name == 'location'].value")).toBe('eastus')
  expect(await ask('group', 'show', '--query', 'location')).toBe('eastus')
  expect(await ask('account', 'show', '--query', 'id')).toMatch(/^0{8}-/)
  expect(await ask('account', 'get-access-token', '--query', 'accessToken')).toBe('secret')
  expect(await ask('extension', 'list', '--query', '[].name')).toBe('ml')
  expect(JSON.parse((await runCli(['az', 'version'], { env })).out)).toHaveProperty('extensions.ml')
  await runCli(['az', 'configure', '-d', 'group=', 'workspace='], { env })
  expect(await ask('configure', '-l', '--query', "[?name=='workspace' || name=='group'].value")).toBe('default\nhagane')
})

it('has no access token to give where none is stored, and an empty one for a server that asks for none', async () => {
  const far = { HAGANE_URL: 'https://hagane.example' }
  const ask = (env: Record<string, string>) =>
    runCli(['az', 'account', 'get-access-token', '--query', 'accessToken', '-o', 'tsv'], { env })
  expect(await ask(far)).toMatchObject({ code: 2, err: /no token is stored/ })
  expect(await ask({})).toMatchObject({ code: 0, out: '\n' })
})

it.each([[['az']], [['az', 'storage', 'blob', 'upload']]])('refuses %j', async argv => {
  expect(await runCli(argv)).toMatchObject({ code: 2, err: /stands in for 'az ml' only/ })
})

it('says what it does with --verbose, and nothing needless with --only-show-errors', async () => {
  const env = { HAGANE_URL: 'http://127.0.0.1:9' }
  expect((await runCli(['config', 'show', '--verbose'], { env })).err).toContain(
    'server http://127.0.0.1:9 (HAGANE_URL)',
  )
  expect((await runCli(['config', 'show', '--only-show-errors'], { env })).err).toBe('')
})
