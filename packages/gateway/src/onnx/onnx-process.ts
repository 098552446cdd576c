import { Socket } from 'node:net'
import { FrameReader, fromWorker, packFrame, toWorker } from '../serving/frames.ts'
import { type OnnxConfig, ServedModel } from './served-model.ts'
import { type FramedRequest, packAnswer, packJson, unpackRequest } from './worker-frames.ts'

/**
 * Entry of the process that runs one ONNX model: it speaks the workers' frames on descriptor 3, so that a fault of the
 * native runtime ends this process and never the gateway, whose event loop stays free while a model computes.
 */
class OnnxWorker {
  readonly #channel = new Socket({ fd: 3, readable: true, writable: true })
  readonly #reader = new FrameReader()
  #waiting: FramedRequest[] = []
  #model: ServedModel | undefined
  #isAnswering = false
  #isStopping = false

  start(): void {
    // The gateway ends its workers; a signal to the whole group is not for them.
    process.on('SIGINT', () => undefined)
    this.#channel.on('error', () => process.exit(0))
    this.#channel.on('end', () => process.exit(0))
    this.#channel.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  #read(chunk: Buffer): void {
    for (const { type, id, payload } of this.#reader.push(chunk)) {
      if (type === toWorker.request) this.#waiting.push(unpackRequest(id, payload))
      else if (type === toWorker.ping) this.#channel.write(packFrame(fromWorker.pong, id))
      else if (type === toWorker.stop) this.#isStopping = true
      else if (type === toWorker.config) void this.#load(JSON.parse(payload.toString('utf8')))
    }
    if (this.#model !== undefined) void this.#answer(this.#model)
  }

  async #load(config: OnnxConfig): Promise<void> {
    try {
      const { HAGANE_ENDPOINT: model = '', HAGANE_DEPLOYMENT: version = '' } = process.env
      this.#model = await ServedModel.load(config, { model, version })
      this.#channel.write(packJson(fromWorker.ready, this.#model.description))
    } catch (error) {
      const { message, stack } = error as Error
      console.error(stack)
      this.#channel.end(packJson(fromWorker.failed, { message, traceback: stack }), () => process.exit(3))
      return
    }
    void this.#answer(this.#model)
  }

  /** What has arrived while the last run went on is answered together. */
  async #answer(model: ServedModel): Promise<void> {
    if (this.#isAnswering) return
    this.#isAnswering = true
    while (this.#waiting.length > 0) {
      const requests = this.#waiting
      this.#waiting = []
      for await (const answered of model.answer(requests)) {
        const frames = answered.map(([{ id }, answer]) => packAnswer(id, answer))
        if (frames.length > 1 && answered[0]?.[1].status === 200)
          frames.push(packFrame(fromWorker.batched, frames.length))
        this.#channel.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
      }
    }
    this.#isAnswering = false
    if (this.#isStopping) this.#channel.end(() => process.exit(0))
  }
}

new OnnxWorker().start()
