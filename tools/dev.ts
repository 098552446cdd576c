/** `npm run dev`: the server from source; Node restarts it when a file changes. Takes the flags of `hagane up`. */
import { run } from '../packages/server/src/main.ts'

await run(process.argv.slice(2))
