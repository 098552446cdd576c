import { type DatastoreSpec, HaganeError } from '@hagane/contract'
import type { ObjectStore } from './object-store.ts'
import { send } from './send.ts'

type HttpsSpec = Extract<DatastoreSpec, { type: 'https' }>

/** Files of a web server: read one by one, since there are no listings, and never written. */
export function openHttps({ name, endpoint, credentials }: HttpsSpec, allowPrivate: boolean): ObjectStore {
  const base = endpoint.replace(/\/+$/, '')
  return {
    open: key => {
      const url = new URL(`${base}/${key.split('/').map(encodeURIComponent).join('/')}`)
      const headers: Record<string, string> =
        credentials === undefined ? {} : { authorization: `Bearer ${credentials.bearer_token}` }
      return send(`${url.origin}${url.pathname}`, async () => ({ method: 'GET', url, headers }), allowPrivate)
    },
    async put() {
      throw new HaganeError('unsupported', `datastore ${name} is of type https, which is only read`, {
        hint: 'write to a datastore of type azure_blob, s3 or local, or leave path out',
      })
    },
  }
}
