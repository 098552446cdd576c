import { parentPort, workerData } from 'node:worker_threads'
import { poster } from './post.ts'
import type { Answered, Asked } from './sender.ts'

const { post } = poster((workerData as { allowPrivate: boolean }).allowPrivate)
let answers: Answered[] = []

/** Answers that come in one turn go back as one message. */
function tell(answer: Answered): void {
  if (answers.push(answer) > 1) return
  setImmediate(() => {
    const all = answers
    answers = []
    parentPort?.postMessage(all)
  })
}

parentPort?.on('message', (asked: readonly Asked[]) => {
  for (const { id, posting } of asked) void post(posting).then(answer => tell({ id, answer }))
})
