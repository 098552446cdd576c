import { UsageError } from '../grammar/usage-error.ts'

/**
 * Compiles a JMESPath expression (jmespath.org) before anything is asked of the server, so that a mistake in it costs
 * nothing. Bare words in backticks, which `az` still accepts, are literals.
 */
export async function compileQuery(expression: string): Promise<(value: unknown) => unknown> {
  const { compile, TreeInterpreter } = await import('@jmespath-community/jmespath')
  const failed = (cause: unknown) =>
    new UsageError(`--query: ${cause instanceof Error ? cause.message : String(cause)}`, 'the language: jmespath.org')
  let tree: ReturnType<typeof compile>
  try {
    tree = compile(expression, { enable_legacy_literals: true })
  } catch (cause) {
    throw failed(cause)
  }
  return value => {
    try {
      return TreeInterpreter.search(tree, plainJson(value))
    } catch (cause) {
      throw failed(cause)
    }
  }
}

const plainJson = (value: unknown) => JSON.parse(JSON.stringify(value ?? null))
