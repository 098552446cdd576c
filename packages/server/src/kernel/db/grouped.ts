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
  return () => {
    if (running === undefined) return start()
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}
