import { serverRoutes } from '@hagane/contract'
import { type Noun, verb } from '../invocation.ts'

const status = verb({
  name: '',
  summary: 'What the server is doing: address, version, process, data folder, database, counts',
  description: 'The exit code is 3 when no server answers.',
  examples: ['hagane status', 'hagane status --query pid -o tsv'],
  flags: {},
  run: async call => call.print(await call.serverClient.call(serverRoutes.status)),
})

export const noun: Noun = { name: 'status', summary: 'What the server is doing', verbs: [status] }
