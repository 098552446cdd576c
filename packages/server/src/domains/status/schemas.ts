import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { HaganeError } from '@hagane/contract'

/** The JSON Schemas by file name; the bundler puts them in. From source they are read where the manifest keeps them. */
declare const HAGANE_SCHEMAS: Record<string, string> | undefined

function readSchemas(): Record<string, string> {
  const folder = fileURLToPath(new URL('../../../../manifest/schemas/', import.meta.url))
  return Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(folder + name, 'utf8')]))
}

/** Azure ML's names, so that an editor which maps its schema host to this server finds what the YAML names. */
const azureNames: readonly [RegExp, string][] = [
  [/^(command|pipeline|sweep|parallel|spark|autoML)Job$/i, 'job'],
  [/^(command|pipeline|parallel|spark)Component$/i, 'component'],
  [/^(managed|kubernetes)OnlineEndpoint$/i, 'online-endpoint'],
  [/^(managed|kubernetes)OnlineDeployment$/i, 'online-deployment'],
  [/^(amlCompute|computeInstance|virtualMachine|kubernetesCompute)$/i, 'compute'],
  [/^azure(Blob|File|DataLakeGen1|DataLakeGen2)$/i, 'datastore'],
]

export interface Schemas {
  names(): string[]
  /** The text of a schema; throws not_found. */
  text(file: string): string
}

/** What `hagane` accepts as YAML, as JSON Schema (draft 2020-12), one for each kind. */
export function buildSchemas(): Schemas {
  let files: Record<string, string> | undefined
  const all = (): Record<string, string> => {
    files ??= typeof HAGANE_SCHEMAS === 'undefined' ? readSchemas() : HAGANE_SCHEMAS
    return files
  }
  return {
    names: () => Object.keys(all()).sort(),
    text(file) {
      const name = file.replace(/(\.schema)?\.json$/, '')
      const own = azureNames.find(([pattern]) => pattern.test(name))?.[1] ?? name
      const key = `${own}.schema.json`
      if (Object.hasOwn(all(), key)) return all()[key] as string
      throw new HaganeError('not_found', `no schema '${file}'`, { hint: `there is: ${Object.keys(all()).join(', ')}` })
    },
  }
}
