import { setTimeout as pause } from 'node:timers/promises'
import {
  type Client,
  dataRoutes,
  endpointRoutes,
  gateRoutes,
  modelRoutes,
  type RuleRun,
  ruleRoutes,
  subscriptionRoutes,
  treeUri,
} from '@hagane/contract'
import { uploadFiles } from '@hagane/testkit'
import { type LateFlights, training } from './late-flights.ts'

/**
 * Conditions that a killed worker or gateway does not make false: rows and labels that have come stay, and are waited for. What
 * counts errors or milliseconds would see the kills, and rightly turn back.
 */
const metrics = {
  copied: {
    ...{ name: 'copied', provider: { request_count: {} }, successCondition: 'result >= 5.0' },
    ...{ minimum: 5, interval: '1s' },
  },
  right: {
    ...{ name: 'right', provider: { label_score: { metric: 'accuracy' } }, successCondition: 'result >= stable - 0.1' },
    ...{ minimum: 8, interval: '1s' },
  },
}
const rollout = {
  ...{
    name: 'replace',
    endpoint: 'late',
    model: `azureml:\${{actions.train.result.model}}`,
    progressDeadlineSeconds: 7200,
  },
  strategy: {
    canary: {
      steps: [
        { setMirror: { percentage: 100 } },
        { analysis: { metrics: [metrics.copied] } },
        { gate: { name: 'better' } },
        { setWeight: 40 },
        { analysis: { metrics: [{ ...metrics.right, count: 2 }] } },
        { pause: { duration: '1s' } },
      ],
      analysis: { startingStep: 3, metrics: [{ ...metrics.right, name: 'still_right' }] },
    },
  },
  promotion: { alias: 'champion' },
}
const gate = {
  name: 'better',
  target: 'late',
  metrics: [
    { metric: 'roc_auc', min: 0.9, min_improvement: 0 },
    { metric: 'train_accuracy', source: 'run', min: 0.9 },
  ],
  confidence: { resamples: 200 },
}
/** Named after the workspace, since its jobs are named after it, and no two jobs of a server have the same name. */
const rule = (name: string, job: object, url: string) => ({
  name,
  on: { event: { types: ['dev.hagane.data.created'], subjects: ['data/fresh:*'] } },
  do: [
    {
      id: 'train',
      submit_job: {
        job,
        inputs: { rows: { type: 'uri_folder', path: `azureml:\${{event.data.name}}:\${{event.data.version}}` } },
      },
    },
    { id: 'judge', run_gate: { gate: 'better', candidate: `azureml:\${{actions.train.result.model}}` } },
    { id: 'replace', start_rollout: rollout },
    { id: 'stamp', set_alias: { model: `\${{actions.train.result.model}}`, alias: 'released' } },
    { id: 'call', call_webhook: { url, body: { phase: `\${{actions.replace.result.phase}}` } } },
    { id: 'tell', notify: { message: `\${{actions.train.result.model}} took over`, severity: 'info' } },
  ],
})

/** One time around the loop in a workspace of its own: fresh rows come, and the rule trains, judges and replaces. */
export class Journey {
  readonly workspace: string
  readonly rule: string
  readonly #client: () => Client
  readonly #flights: LateFlights
  #running = true
  #callers: Promise<void>[] = []

  /** The client, of this workspace, may be another one after a restart of the server. */
  constructor(workspace: string, client: () => Client, flights: LateFlights) {
    this.workspace = workspace
    this.rule = `retrain-${workspace}`
    this.#client = client
    this.#flights = flights
  }

  /** A champion that serves with callers who keep asking, a gate, the rule, and somebody who wants to be told. */
  async setUp(receiver: string, ran: string): Promise<void> {
    const client = this.#client()
    const { champion, judged, python } = this.#flights
    const path = treeUri(await uploadFiles(client, champion))
    await client.call(modelRoutes.create, { body: { name: 'late', version: '1', type: 'mlflow_model', path } })
    await client.call(modelRoutes.label, { params: { name: 'late', label: 'champion' }, body: { version: '1' } })
    await this.#deploy()
    const data = treeUri(await uploadFiles(client, judged))
    await client.call(gateRoutes.create, { body: { ...gate, data } as never })
    const url = `${receiver}?of=${this.workspace}`
    const channel = { type: 'webhook' as const, url: `${url}&alerts=yes` }
    await client.call(subscriptionRoutes.create, { body: { name: 'people', alerts: {}, channel } })
    const code = treeUri(await uploadFiles(client, { 'train.py': training }))
    const job = {
      ...{ type: 'command', code, command: `${python} train.py \${{inputs.rows}}/fresh.csv` },
      environment_variables: { RAN: ran },
      inputs: { rows: { type: 'uri_folder', path: 'azureml:fresh@latest' } },
    }
    await client.call(ruleRoutes.create, { body: { rule: rule(this.rule, job, `${url}&call=yes`) as never } })
    await this.#startCallers(2)
  }

  async #deploy(): Promise<void> {
    const client = this.#client()
    await client.call(endpointRoutes.create, { body: { name: 'late' } })
    const params = { name: 'late', deployment: 'blue' }
    const body = { model: 'azureml:late:1', data_collector: { collections: { model_outputs: { enabled: 'True' } } } }
    await client.call(endpointRoutes.createDeployment, { params, body, query: { all_traffic: 'true' } })
    for (;;) {
      const { provisioning_state, error } = await client.call(endpointRoutes.showDeployment, { params })
      if (provisioning_state === 'Succeeded') return
      if (provisioning_state === 'Failed') throw new Error(`the champion does not serve: ${JSON.stringify(error)}`)
      await pause(50)
    }
  }

  async #startCallers(count: number): Promise<void> {
    const shown = () => this.#client().call(endpointRoutes.show, { params: { name: 'late' } })
    let { scoring_uri } = await shown()
    const { primaryKey } = await this.#client().call(endpointRoutes.credentials, { params: { name: 'late' } })
    const headers = { authorization: `Bearer ${primaryKey}`, 'content-type': 'application/json' }
    const send = (uri: string, body: unknown) => {
      const signal = AbortSignal.timeout(20_000)
      return fetch(uri, { method: 'POST', body: JSON.stringify(body), headers, signal })
    }
    const call = async (n: number): Promise<void> => {
      const [wind, hour] = [Math.sin(n), Math.cos(3 * n)]
      const answer = await send(scoring_uri, { dataframe_records: [{ wind, hour }] })
      await answer.arrayBuffer()
      const prediction_id = answer.headers.get('x-hagane-prediction-id')
      const label = wind + hour > 0 ? 1 : 0
      if (answer.ok) await send(scoring_uri.replace(/score$/, 'feedback'), { prediction_id, label })
    }
    const lookAgain = async () => {
      scoring_uri = (await shown().catch(() => undefined))?.scoring_uri ?? scoring_uri
    }
    this.#callers = Array.from({ length: count }, async (_, i) => {
      for (let n = i; this.#running; n += count) {
        // a gateway that was killed may come back at another address
        await call(n).catch(lookAgain)
        await pause(60)
      }
    })
  }

  async stopCallers(): Promise<void> {
    this.#running = false
    await Promise.all(this.#callers)
  }

  /** Fresh rows come, which sets the rule off. */
  async freshRows(): Promise<void> {
    const path = treeUri(await uploadFiles(this.#client(), this.#flights.fresh))
    await this.#client().call(dataRoutes.create, { body: { name: 'fresh', version: '1', path } })
  }

  /** The run of the rule once it is over. A dying server does not answer, which is no end. */
  async ended(): Promise<RuleRun | undefined> {
    const asked = { params: { name: this.rule }, query: {} }
    const found = await this.#client()
      .call(ruleRoutes.runs, asked)
      .catch(() => undefined)
    const [run] = found?.items ?? []
    return run === undefined || run.state === 'running' ? undefined : run
  }
}
