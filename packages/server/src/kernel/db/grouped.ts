/**
 * Shares one slow act among all who ask for it: each caller's promise settles with a run that began after its call, and
 * there is at most one run at a time. The group commit of databases: https://dev.mysql.com/doc/refman/8.4/en/glossary.html#glos_group_commit
 */
export function grouped(act: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const start = () => {
    const run = act().finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }
  const afterThe = (run: Promise<void>) =>
    run
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return start()
      })
  return () => {
    // between the end of a run and the start of the next one there is none that runs, but one that all share
    if (next !== undefined) return next
    if (running === undefined) return start()
    next = afterThe(running)
    return next
  }
}
