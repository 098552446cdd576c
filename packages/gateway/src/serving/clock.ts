const [seconds, nanoseconds] = process.hrtime()
const offset = seconds + nanoseconds / 1e9 - performance.now() / 1000

/** Seconds of the machine's monotonic clock, the one that Python's `time.monotonic()` reads. */
export const monotonicSeconds = (nowMs: number = performance.now()): number => offset + nowMs / 1000
