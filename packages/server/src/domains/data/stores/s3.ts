import { text } from 'node:stream/consumers'
import { type DatastoreSpec, HaganeError } from '@hagane/contract'
import { AwsV4Signer } from 'aws4fetch'
import type { ObjectStore, StoredObject } from './object-store.ts'
import { type StorageRequest, send } from './send.ts'
import { elements, elementText } from './xml-text.ts'

type S3Spec = Extract<DatastoreSpec, { type: 's3' }>
/** Amazon takes no more in one request. */
const LARGEST_PUT = 5 * 2 ** 30

/** A bucket of Amazon S3 or of anything that speaks its protocol, signed with version 4. */
export function openS3(spec: S3Spec, allowPrivate: boolean): ObjectStore {
  const what = `bucket ${spec.bucket}`
  const base = baseOf(spec)
  const call = (request: StorageRequest) => send(what, () => signed(spec, request), allowPrivate)
  const urlOf = (key: string) => new URL(`${base}/${key.split('/').map(encodeURIComponent).join('/')}`)
  return {
    async *list(prefix) {
      let token = ''
      do {
        const url = new URL(`${base}/`)
        url.search = new URLSearchParams({
          'list-type': '2',
          'encoding-type': 'url',
          prefix,
          ...(token === '' ? {} : { 'continuation-token': token }),
        }).toString()
        const page = await text(await call({ method: 'GET', url, headers: {} }))
        yield* elements(page, 'Contents').map(objectOf)
        token = elementText(page, 'IsTruncated') === 'true' ? elementText(page, 'NextContinuationToken') : ''
      } while (token !== '')
    },
    open: key => call({ method: 'GET', url: urlOf(key), headers: {} }),
    async put(key, size, open) {
      if (size > LARGEST_PUT)
        throw new HaganeError(
          'too_large',
          `${key} has ${size} bytes; one object of S3 takes at most ${LARGEST_PUT} at once`,
          {
            hint: 'write several smaller files',
          },
        )
      const headers = { 'content-length': String(size), 'content-type': 'application/octet-stream' }
      ;(await call({ method: 'PUT', url: urlOf(key), headers, body: open })).resume()
    },
  }
}

function baseOf({ endpoint, bucket, region }: S3Spec): string {
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${bucket}`
  // a certificate for *.s3… does not cover a name with dots
  return bucket.includes('.')
    ? `https://s3.${region}.amazonaws.com/${bucket}`
    : `https://${bucket}.s3.${region}.amazonaws.com`
}

function objectOf(contents: string): StoredObject {
  const key = decodeURIComponent(elementText(contents, 'Key').replaceAll('+', ' '))
  return { key, size: Number(elementText(contents, 'Size')) }
}

async function signed({ credentials, region }: S3Spec, request: StorageRequest): Promise<StorageRequest> {
  if (credentials === undefined) return request
  const { 'content-length': length, ...headers } = request.headers
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url.href,
    headers,
    service: 's3',
    region,
    accessKeyId: credentials.access_key_id,
    secretAccessKey: credentials.secret_access_key,
    ...(credentials.session_token === undefined ? {} : { sessionToken: credentials.session_token }),
  })
  const result = await signer.sign()
  return {
    ...request,
    url: result.url,
    headers: { ...Object.fromEntries(result.headers), ...(length === undefined ? {} : { 'content-length': length }) },
  }
}
