import { type Noun, verb } from '../invocation.ts'
import { version } from '../version.ts'

const show = verb({
  name: '',
  summary: 'Print the version of this CLI and of the Node that runs it',
  examples: ['hagane version', 'hagane --version'],
  flags: {},
  run: async call => call.print({ hagane: version, node: process.version }),
})

export const noun: Noun = { name: 'version', summary: 'Print the version', verbs: [show] }
