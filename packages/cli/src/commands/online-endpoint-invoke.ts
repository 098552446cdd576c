import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { endpointRoutes, errorBody, HaganeError, nameSchema } from '@hagane/contract'
import { UsageError } from '../grammar/usage-error.ts'
import type { Invocation } from '../invocation.ts'

interface InvokeOptions {
  name: string
  requestFile: string | undefined
  deploymentName: string | undefined
}

/**
 * Posts a file to the scoring address with the endpoint's own credentials. `hagane az ml` prints the answer as a JSON
 * string, as `az` does; otherwise JSON answers are printed as JSON. The prediction id goes to stderr.
 */
export async function invokeEndpoint(call: Invocation, options: InvokeOptions): Promise<void> {
  const params = { name: options.name }
  const body = options.requestFile === undefined ? '{}' : await readRequest(call, options.requestFile)
  checkDeployment(options.deploymentName)
  const endpoint = await call.client.call(endpointRoutes.show, { params })
  const keys = await call.client.call(endpointRoutes.credentials, { params })
  const secret = keys.primaryKey ?? keys.accessToken
  const response = await fetch(endpoint.scoring_uri, {
    method: 'POST',
    body,
    redirect: 'error',
    headers: {
      'content-type': 'application/json',
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      ...(options.deploymentName === undefined ? {} : { 'azureml-model-deployment': options.deploymentName }),
    },
  }).catch((cause: Error) => {
    throw notReached(endpoint.scoring_uri, cause)
  })
  const text = await response.text()
  if (!response.ok) throw failureOf(response.status, text)
  const prediction = response.headers.get('x-hagane-prediction-id')
  if (prediction !== null) call.note(`prediction ${prediction}, by ${response.headers.get('azureml-model-deployment')}`)
  await call.print(call.likeAz ? text : parsedOrText(text))
}

async function readRequest(call: Invocation, path: string): Promise<Buffer> {
  const file = resolve(call.surroundings.cwd, path)
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'ENOENT' ? 'there is no such file' : error.code === 'EISDIR' ? 'it is a folder' : error.message
    throw new UsageError(`--request-file: ${file} cannot be read: ${why}`, 'name a file with the JSON to send')
  })
}

/** It travels in a header, which takes no other characters than names have. */
function checkDeployment(name: string | undefined): void {
  if (name === undefined || nameSchema.safeParse(name).success) return
  throw new UsageError(
    `--deployment-name: '${name}' is no name of a deployment`,
    'hagane online-deployment list -e <endpoint> shows the names',
  )
}

function notReached(uri: string, cause: Error): HaganeError {
  const code = (cause.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const isUntrusted = /CERT|SIGNATURE|ALTNAME/.test(code)
  return new HaganeError('unavailable', `the endpoint does not answer at ${uri}${code === '' ? '' : ` (${code})`}`, {
    cause,
    ...(isUntrusted ? { hint: "name the gateway's certificate, or who signed it, in NODE_EXTRA_CA_CERTS" } : {}),
  })
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

function failureOf(status: number, text: string): HaganeError {
  const known = errorBody.safeParse(parsedOrText(text))
  if (known.success) return HaganeError.fromBody(known.data)
  return new HaganeError('unsupported', `the endpoint answered ${status}: ${text.slice(0, 2000)}`, {
    hint: 'hagane online-deployment get-logs shows what the scoring script said',
  })
}
