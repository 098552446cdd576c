/** A name as SQL takes it, whatever it holds. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text as SQL takes it. DuckDB knows no escapes inside a plain text literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

export const list = (texts: readonly string[]): string => `[${texts.map(literal).join(', ')}]`
