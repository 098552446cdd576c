import { type OptionsOf, text, toggle } from './flags.ts'

export const outputFormats = ['json', 'jsonc', 'yaml', 'yamlc', 'tsv', 'table', 'none'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** Flags that every verb takes. Azure's that mean nothing here (`-g`, `--subscription`) are accepted, so scripts run. */
export const globalFlags = {
  output: text('-o, --output <format>', 'how to print (default: json; on a terminal, for people)', {
    choices: outputFormats,
  }),
  query: text('--query <jmespath>', 'print only what this JMESPath expression selects'),
  workspaceName: text('-w, --workspace-name <name>', 'workspace to work in (default: HAGANE_WORKSPACE, or default)'),
  resourceGroup: text('-g, --resource-group <name>', 'accepted for scripts written for Azure', { ignored: true }),
  subscription: text('--subscription <id>', 'accepted for scripts written for Azure', { ignored: true }),
  registryName: text('--registry-name <name>', 'registry instead of a workspace, for assets'),
  onlyShowErrors: toggle('--only-show-errors', 'no warnings and no progress'),
  verbose: toggle('--verbose', 'say what is done'),
  debug: toggle('--debug', 'say everything, with stack traces'),
}
export type GlobalOptions = OptionsOf<typeof globalFlags>
