import { createHmac } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { type DatastoreSpec, HaganeError } from '@hagane/contract'
import type { ObjectStore } from './object-store.ts'
import { type StorageRequest, send } from './send.ts'
import { elements, elementText } from './xml-text.ts'

type BlobSpec = Extract<DatastoreSpec, { type: 'azure_blob' }>
const API_VERSION = '2021-08-06'
/** Put Blob of this API version takes no more. */
const LARGEST_PUT = 5000 * 2 ** 20

/** A container of Azure Blob Storage, by account key, shared access signature, or open to everybody. */
export function openAzureBlob(spec: BlobSpec, allowPrivate: boolean): ObjectStore {
  const what = `container ${spec.container_name} of ${spec.account_name}`
  const base = `${accountAddress(spec)}/${spec.container_name}`
  const call = (request: StorageRequest) => send(what, async () => authorized(spec, request), allowPrivate)
  const urlOf = (key: string) => new URL(`${base}/${key.split('/').map(encodeURIComponent).join('/')}`)
  return {
    async *list(prefix) {
      let marker = ''
      do {
        const url = new URL(base)
        url.search = new URLSearchParams({
          restype: 'container',
          comp: 'list',
          prefix,
          ...(marker === '' ? {} : { marker }),
        }).toString()
        const page = await text(await call({ method: 'GET', url, headers: {} }))
        for (const blob of elements(page, 'Blob'))
          yield { key: elementText(blob, 'Name'), size: Number(elementText(blob, 'Content-Length')) }
        marker = elementText(page, 'NextMarker')
      } while (marker !== '')
    },
    open: key => call({ method: 'GET', url: urlOf(key), headers: {} }),
    async put(key, size, open) {
      if (size > LARGEST_PUT)
        throw new HaganeError('too_large', `${key} has ${size} bytes; one blob takes at most ${LARGEST_PUT} at once`, {
          hint: 'write several smaller files',
        })
      const headers = {
        'content-length': String(size),
        'content-type': 'application/octet-stream',
        'x-ms-blob-type': 'BlockBlob',
      }
      ;(await call({ method: 'PUT', url: urlOf(key), headers, body: open })).resume()
    },
  }
}

/** Where an account answers. `endpoint` is a cloud's suffix, or an emulator's whole address. */
export function accountAddress({ endpoint, account_name: account, protocol }: BlobSpec): string {
  if (/^https?:\/\//.test(endpoint)) return endpoint.replace(/\/+$/, '')
  return `${protocol === 'http' ? 'http' : 'https'}://${account}.blob.${endpoint}`
}

function authorized(spec: BlobSpec, request: StorageRequest): StorageRequest {
  const { credentials } = spec
  const headers = { ...request.headers, 'x-ms-version': API_VERSION, 'x-ms-date': new Date().toUTCString() }
  if (credentials === undefined) return { ...request, headers }
  if ('sas_token' in credentials) {
    const url = new URL(request.url)
    for (const [name, value] of new URLSearchParams(String(credentials.sas_token).replace(/^\?/, '')))
      url.searchParams.set(name, value)
    return { ...request, url, headers }
  }
  const signature = sharedKey(spec.account_name, String(credentials.account_key), request, headers)
  return { ...request, headers: { ...headers, authorization: `SharedKey ${spec.account_name}:${signature}` } }
}

/** Azure's "Authorize with Shared Key": HMAC-SHA256 over verb, standard headers, x-ms- headers and resource. */
export function sharedKey(
  account: string,
  key: string,
  { method, url }: Pick<StorageRequest, 'method' | 'url'>,
  headers: Record<string, string>,
): string {
  const length = headers['content-length'] === '0' ? '' : (headers['content-length'] ?? '')
  // Content-Encoding, -Language, -Length, -MD5, -Type, Date, four conditions, Range
  const standard = ['', '', length, '', headers['content-type'] ?? '', '', '', '', '', '', '']
  const named = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-ms-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}`)
  const query = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `\n${name}:${value}`)
  const text = [method, ...standard, ...named, `/${account}${url.pathname}${query.join('')}`].join('\n')
  return createHmac('sha256', Buffer.from(key, 'base64')).update(text, 'utf8').digest('base64')
}
