/** What is over sooner is written down with its end, in one transaction. */
const SLOW_MS = 40

/** The result of `work`. If that takes its time, `record` first writes down that it goes on, so that people see it. */
export async function recordedIfSlow<T>(work: Promise<T>, record: () => Promise<unknown>): Promise<T> {
  let recording: Promise<unknown> | undefined
  const timer = setTimeout(() => {
    recording = record()
    // who waits for it hears of a failure
    recording.catch(() => undefined)
  }, SLOW_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    await recording
  }
}
