import { isAbsolute, relative, resolve } from 'node:path'
import { type DatastoreResource, type DatastoreSpec, HaganeError } from '@hagane/contract'
import type { DatastoreRow } from './datastore-reads.ts'
import { accountAddress } from './stores/azure-blob.ts'

/** What can be opened here. */
export type UsableSpec = Extract<DatastoreSpec, { type: 'azure_blob' | 's3' | 'local' | 'https' }>
type PlainSpec = Omit<UsableSpec, 'credentials'> & { credentialKind?: string }

const nearest: Record<string, string> = {
  azure_file:
    'mount the share on the server and create a datastore of type local for it, or copy the files to a blob container',
  azure_data_lake_gen1: 'the service was retired in February 2024; copy the files to a blob container',
  azure_data_lake_gen2:
    'if the account lets it, name the same file system as container_name of type azure_blob: both see the same files',
  one_lake: 'copy the files to a blob container or a bucket',
  hdfs: 'mount it on the server (NFS gateway, FUSE) and create a datastore of type local',
}

/** Refuses what cannot be read here, with the nearest way. `dataDir` is the server's own folder, which no datastore may show. */
export function usableSpec(spec: DatastoreSpec, dataDir: string): UsableSpec {
  if (nearest[spec.type] !== undefined)
    throw new HaganeError('unsupported', `datastores of type ${spec.type} are not read here`, {
      hint: nearest[spec.type],
      details: [
        {
          property: 'type',
          message: 'not done here',
          sent: spec.type,
          allowed: ['azure_blob', 's3', 'local', 'https'],
        },
      ],
    })
  const usable = spec as UsableSpec
  if (usable.type === 'azure_blob' && usable.credentials !== undefined && 'client_secret' in usable.credentials)
    throw new HaganeError(
      'unsupported',
      'credentials: a service principal needs the login of Microsoft Entra, which is not spoken here',
      {
        hint: 'give account_key or sas_token',
        details: [{ property: 'credentials', message: 'not done here', allowed: ['account_key', 'sas_token'] }],
      },
    )
  if (usable.type === 'local') refuseOwnFolder(usable.path, dataDir)
  return usable
}

function refuseOwnFolder(path: string, dataDir: string): void {
  const refuse = (message: string) => {
    throw new HaganeError('invalid', `path: ${path} ${message}`, {
      details: [
        {
          property: 'path',
          message,
          sent: path,
          allowed: 'an absolute folder of the server, apart from its data folder',
        },
      ],
    })
  }
  if (!isAbsolute(path)) refuse('is not absolute')
  const contains = (outer: string, inner: string) => !relative(outer, inner).startsWith('..')
  const [own, asked] = [resolve(dataDir), resolve(path)]
  if (contains(own, asked) || contains(asked, own)) refuse("holds the server's own data, or lies in it")
}

/** The part that is kept readable, and the secret that is sealed. */
export function splitSecrets({ credentials, ...spec }: UsableSpec & { credentials?: Record<string, unknown> }): {
  plain: PlainSpec
  secret: string | undefined
} {
  if (credentials === undefined) return { plain: spec as PlainSpec, secret: undefined }
  const kind = Object.keys(credentials)[0] ?? ''
  return { plain: { ...spec, credentialKind: kind } as PlainSpec, secret: JSON.stringify(credentials) }
}

/** The specification as it was given, with its secret opened. */
export function joinSecrets(row: DatastoreRow, open: (sealed: string) => string): UsableSpec {
  const { credentialKind: _kind, ...spec } = JSON.parse(row.spec) as PlainSpec
  return { ...spec, ...(row.sealed === null ? {} : { credentials: JSON.parse(open(row.sealed)) }) } as UsableSpec
}

/** What is told of a datastore: everything but the secret. */
export function datastoreResourceOf(row: DatastoreRow): DatastoreResource {
  const spec = JSON.parse(row.spec) as PlainSpec & Record<string, never>
  const { account_name, container_name, bucket, region, prefix, endpoint } = spec as Partial<Record<string, string>>
  return {
    id: `azureml://datastores/${row.name}`,
    name: row.name,
    type: spec.type,
    description: spec.description ?? '',
    tags: spec.tags ?? {},
    path: addressOf(spec as unknown as UsableSpec),
    is_default: false,
    ...defined({ account_name, container_name, bucket, region, prefix, endpoint, credentials: spec.credentialKind }),
    created_at: row.created_at,
    created_by: row.created_by,
  }
}

const defined = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined))

function addressOf(spec: UsableSpec): string {
  switch (spec.type) {
    case 'azure_blob':
      return `${accountAddress(spec)}/${spec.container_name}`
    case 's3':
      return `s3://${[spec.bucket, spec.prefix].filter(part => part !== '').join('/')}`
    case 'local':
      return spec.path
    case 'https':
      return spec.endpoint
  }
}
