import { setTimeout as pause } from 'node:timers/promises'
import { type Client, endpointRoutes, modelRoutes, type RolloutResource, rolloutRoutes } from '@hagane/contract'
import { uploadFiles } from '@hagane/testkit'

/** Says whether a number is odd, in the manner that its model's file tells. */
const script = `
import json, os, time
def init():
    global manner
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "manner.txt")) as file:
        manner = file.read().strip()
def run(raw):
    [n] = json.loads(raw)["data"]
    if manner == "slow":
        time.sleep(0.4)
    if manner == "broken":
        raise ValueError("it does not work")
    return [1 - n % 2 if manner == "wrong" and n % 4 < 2 else n % 2]
`
export const manners = { good: '1', slow: '2', broken: '3', wrong: '4', better: '5' } as const

/** An endpoint whose models differ in manner, with callers who keep asking and say later what was true. */
export class ParityEndpoint {
  readonly #client: () => Client
  readonly name = 'parity'
  #running = true
  #callers: Promise<void>[] = []

  /** The client may be another one after a restart of the server. */
  constructor(client: () => Client) {
    this.#client = client
  }

  async create(): Promise<void> {
    for (const [manner, version] of Object.entries(manners)) {
      const tree = await uploadFiles(this.#client(), { 'manner.txt': manner })
      const body = { name: 'parity', version, type: 'custom_model' as const, path: `hagane://trees/${tree}` }
      await this.#client().call(modelRoutes.create, { body })
    }
    await this.#client().call(endpointRoutes.create, { body: { name: this.name } })
    const code = await uploadFiles(this.#client(), { 'score.py': script })
    const params = { name: this.name, deployment: 'blue' }
    const body = {
      model: 'azureml:parity:1',
      code_configuration: { code: `hagane://trees/${code}`, scoring_script: 'score.py' },
      data_collector: { collections: { model_outputs: { enabled: 'True' } } },
    }
    await this.#client().call(endpointRoutes.createDeployment, { params, body, query: { all_traffic: 'true' } })
    while ((await this.#client().call(endpointRoutes.showDeployment, { params })).provisioning_state !== 'Succeeded')
      await pause(50)
  }

  async startCallers(count: number): Promise<void> {
    let { scoring_uri } = await this.#client().call(endpointRoutes.show, { params: { name: this.name } })
    const { primaryKey } = await this.#client().call(endpointRoutes.credentials, { params: { name: this.name } })
    const headers = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json' }
    const send = (uri: string, body: unknown) => fetch(uri, { method: 'POST', body: JSON.stringify(body), headers })
    const call = async (n: number): Promise<void> => {
      const answer = await send(scoring_uri, { data: [n] })
      await answer.arrayBuffer()
      const prediction_id = answer.headers.get('x-hagane-prediction-id')
      if (answer.ok) await send(scoring_uri.replace(/score$/, 'feedback'), { prediction_id, label: n % 2 })
    }
    const lookAgain = async () => {
      const found = await this.#client()
        .call(endpointRoutes.show, { params: { name: this.name } })
        .catch(() => undefined)
      scoring_uri = found?.scoring_uri ?? scoring_uri
    }
    this.#callers = Array.from({ length: count }, async (_, i) => {
      for (let n = i; this.#running; n += count) {
        // a gateway that was killed may come back at another address
        await call(n).catch(lookAgain)
        await pause(25)
      }
    })
  }

  async stopCallers(): Promise<void> {
    this.#running = false
    await Promise.all(this.#callers)
  }

  async traffic() {
    const { traffic, mirror_traffic } = await this.#client().call(endpointRoutes.show, { params: { name: this.name } })
    const some = (shares: Record<string, number>) =>
      Object.fromEntries(Object.entries(shares).filter(([, share]) => share > 0))
    return { traffic: some(traffic), mirror_traffic: some(mirror_traffic) }
  }

  /** Waits until a rollout is over or waits for a person. Calls that a dying server did not answer are made again. */
  async settled(name: string): Promise<RolloutResource> {
    for (;;) {
      const found = await this.#client()
        .call(rolloutRoutes.show, { params: { name } })
        .catch(() => undefined)
      const waits = found?.phase === 'Paused' && found.pause?.reason !== 'duration'
      if (found !== undefined && (waits || found.phase === 'Healthy' || found.phase === 'Degraded')) return found
      await pause(100)
    }
  }
}
