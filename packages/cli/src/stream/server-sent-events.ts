/** One message of a text/event-stream (HTML standard, server-sent events). */
export interface ServerSentEvent {
  readonly id: string | undefined
  readonly data: string
}

/** Cuts a byte stream into messages; comments and unknown fields are skipped, an unfinished message is dropped. */
export async function* serverSentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of bytes) {
    open += decoder.decode(chunk, { stream: true })
    const blocks = open.split(/\r?\n\r?\n/)
    open = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseBlock(block)
      if (event !== undefined) yield event
    }
  }
}

function parseBlock(block: string): ServerSentEvent | undefined {
  const data: string[] = []
  let id: string | undefined
  for (const line of block.split(/\r?\n/)) {
    const match = /^(data|id): ?(.*)$/.exec(line)
    if (match?.[1] === 'data') data.push(match[2] ?? '')
    else if (match?.[1] === 'id') id = match[2]
  }
  return data.length === 0 ? undefined : { id, data: data.join('\n') }
}
