import { accessRoutes, roles, type TokenResource } from '@hagane/contract'
import { count, requiredText, text } from '../grammar/flags.ts'
import { type Noun, verb } from '../invocation.ts'
import type { Column } from '../output/table.ts'
import { collect } from './pages.ts'

const columns: readonly Column<TokenResource>[] = [
  ['Id', token => token.id],
  ['Name', token => token.name],
  ['Role', token => token.role],
  ['Workspace', token => token.workspace ?? 'all'],
  ['Created', token => token.created_at],
  ['Expires', token => token.expires_at ?? 'never'],
  ['Revoked', token => token.revoked],
]

const createToken = verb({
  name: 'token create',
  summary: 'Make a token for a person or a program; the secret is shown this once',
  description: `Roles: ${roles.join(', ')}.`,
  examples: [
    'hagane access token create -n ci --role contributor --expires-in-days 90',
    'hagane access token create -n alice --role admin --query token -o tsv',
  ],
  flags: {
    name: requiredText('-n, --name <name>', 'who it is for; events name this person or program'),
    role: requiredText('--role <role>', 'what it may do', { choices: roles }),
    workspace: text('--only-workspace <name>', 'only in this workspace (default: in every one)'),
    expiresInDays: count('--expires-in-days <n>', 'days until it stops working (default: never)'),
  },
  run: async (call, options) => {
    const { name, workspace } = options
    const role = roles.find(role => role === options.role) ?? 'reader'
    const body = {
      name,
      role,
      ...(workspace === undefined ? {} : { workspace }),
      ...(options.expiresInDays === undefined ? {} : { expires_in_days: options.expiresInDays }),
    }
    await call.print(await call.serverClient.call(accessRoutes.createToken, { body }))
    call.warn('the token is not stored readably and cannot be shown again')
  },
})

const listTokens = verb({
  name: 'token list',
  summary: 'List tokens, without their secrets',
  examples: ['hagane access token list -o table'],
  flags: { maxResults: count('-r, --max-results <n>', 'how many at most') },
  run: async (call, options) => {
    const most = options.maxResults ?? Number.MAX_SAFE_INTEGER
    const tokens = await collect(most, query => call.serverClient.call(accessRoutes.listTokens, { query }))
    await call.print(tokens, columns)
  },
})

const revokeToken = verb({
  name: 'token revoke',
  summary: 'Revoke a token at once',
  examples: ['hagane access token revoke --id 01J9Z3K4'],
  flags: { id: requiredText('--id <id>', 'id of the token, as list shows it') },
  run: async (call, options) => {
    await call.serverClient.call(accessRoutes.revokeToken, { params: { id: options.id } })
  },
})

const whoami = verb({
  name: 'whoami',
  summary: 'Who the server takes you for, and what you may do',
  examples: ['hagane access whoami', 'hagane access whoami --query actor -o tsv'],
  flags: {},
  run: async call => call.print(await call.client.call(accessRoutes.whoami)),
})

export const noun: Noun = {
  name: 'access',
  summary: 'Manage tokens; who am I',
  verbs: [createToken, listTokens, revokeToken, whoami],
}
