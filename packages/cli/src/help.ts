import { catalogue } from './catalogue.ts'

/** What `hagane` and `hagane --help` print. */
export function rootHelp(): string {
  const rows = [...catalogue.map(({ name, summary }) => [name, summary]), ['up', 'Start the server in this process']]
  const width = Math.max(...rows.map(([name]) => name?.length ?? 0))
  const lines = rows.map(([name = '', summary = '']) => `  ${name.padEnd(width)}  ${summary}`)
  return `Hagane, a self-hosted MLOps platform. The grammar is that of az ml; hagane az ml … is the same.

Usage: hagane <noun> <verb> [flags]

Nouns:
${lines.join('\n')}

Examples:
  hagane up                                  start a server on http://127.0.0.1:7700
  hagane job create -f job.yml --stream      run a job and watch its log
  hagane model list -o table                 look at the registered models

hagane <noun> --help lists the verbs of a noun, hagane <noun> <verb> --help the flags of a verb.
`
}
