import { type Bound, contractServer } from './contract-server.ts'
import { newFolder, runCli } from './run-cli.ts'

type Run = (...argv: string[]) => ReturnType<typeof runCli>

/** Starts a server with these routes and hands out a CLI that knows it; `requests` are those it saw. */
export async function withRoutes(
  routes: readonly Bound[],
  work: (run: Run, requests: readonly string[]) => Promise<void>,
  cwd = newFolder(),
): Promise<void> {
  await using server = await contractServer(...routes)
  await work((...argv) => runCli(argv, { cwd, env: { HAGANE_URL: server.url } }), server.requests)
}
