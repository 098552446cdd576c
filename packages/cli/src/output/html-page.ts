/** A page that needs nothing else: no script, no font, no picture from elsewhere. `body` is HTML, the title is text. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${htmlText(title)}</title>
<style>body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem}table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}
code{overflow-wrap:break-word}tr.bad td{background:#fde8e8}summary{cursor:pointer}</style></head><body>
<h1>${htmlText(title)}</h1>
${body}
</body></html>
`

/** Anything as text of a page: whatever it holds, it is shown and not obeyed. */
export const htmlText = (value: unknown): string =>
  String(value).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

/** HTML that is one already, as a value of a table. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

function cell(value: unknown): string {
  if (value instanceof Html) return `<td>${value.text}</td>`
  if (typeof value !== 'number') return `<td><code>${htmlText(value ?? '')}</code></td>`
  return `<td class="n">${Number.isInteger(value) ? value : Number(value.toPrecision(5))}</td>`
}

/** Rows of values under headings, numbers to five digits; `isBad` marks those that a reader should see first. */
export function htmlTable(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  isBad: (row: number) => boolean = () => false,
): string {
  const head = headings.map(heading => `<th>${htmlText(heading)}</th>`).join('')
  const lines = rows.map((row, i) => `<tr${isBad(i) ? ' class="bad"' : ''}>${row.map(cell).join('')}</tr>`)
  return `<table><tr>${head}</tr>${lines.join('\n')}</table>`
}
