import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { accountAddress, openAzureBlob, sharedKey } from './azure-blob.ts'

const spec = {
  name: 'b',
  type: 'azure_blob' as const,
  account_name: 'devstoreaccount1',
  container_name: 'flights',
  protocol: 'https' as const,
  endpoint: 'core.windows.net',
}
/** Account key that every copy of the emulator Azurite has; it is published and protects nothing. */
const emulatorKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
/** Address of a running Azurite, such as http://127.0.0.1:10000; the container `flights` must exist. */
const emulator = process.env.HAGANE_TEST_AZURITE

describe('an account', () => {
  it('answers at its cloud, or at the address of an emulator', () => {
    expect(accountAddress(spec)).toBe('https://devstoreaccount1.blob.core.windows.net')
    expect(accountAddress({ ...spec, endpoint: 'core.chinacloudapi.cn', protocol: 'http' })).toBe(
      'http://devstoreaccount1.blob.core.chinacloudapi.cn',
    )
    expect(accountAddress({ ...spec, endpoint: 'http://127.0.0.1:10000/devstoreaccount1/' })).toBe(
      'http://127.0.0.1:10000/devstoreaccount1',
    )
  })
})

describe('a request', () => {
  const headers = { 'x-ms-version': '2021-08-06', 'x-ms-date': 'Fri, 26 Jun 2015 23:39:12 GMT' }
  const sign = (url: string, method: 'GET' | 'PUT' = 'GET', more = {}) =>
    sharedKey('devstoreaccount1', emulatorKey, { method, url: new URL(url) }, { ...headers, ...more })
  it('is signed over everything that could be changed on its way', () => {
    const plain = sign('https://h/c/x?comp=list&prefix=a')
    expect(plain).toMatch(/^[A-Za-z0-9+/]{43}=$/)
    expect(sign('https://h/c/x?prefix=a&comp=list')).toBe(plain)
    for (const other of [
      sign('https://h/c/y?comp=list&prefix=a'),
      sign('https://h/c/x?comp=list&prefix=b'),
      sign('https://h/c/x?comp=list&prefix=a', 'PUT'),
      sign('https://h/c/x?comp=list&prefix=a', 'GET', { 'content-length': '5' }),
    ])
      expect(other).not.toBe(plain)
  })
})

describe.runIf(emulator)('Azurite', () => {
  const store = openAzureBlob(
    { ...spec, endpoint: `${emulator}/devstoreaccount1`, credentials: { account_key: emulatorKey } },
    true,
  )
  it('gives back what was written, and lists it', async () => {
    const keys = ['a/plain.csv', 'a/with space+plus.csv', 'a/日本語 & x.csv', "a/it's.csv"]
    for (const key of keys) await store.put(key, Buffer.byteLength(key), () => Readable.from(Buffer.from(key)))
    for (const key of keys) expect(await text(await store.open(key))).toBe(key)
    const found = []
    for await (const object of store.list?.('a/') ?? []) found.push(object)
    expect(found.map(({ key }) => key).sort()).toEqual([...keys].sort())
    expect(found.find(({ key }) => key === 'a/plain.csv')?.size).toBe(11)
    await expect(store.open('gone')).rejects.toMatchObject({ kind: 'not_found' })
  })
})
