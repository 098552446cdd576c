/**
 * Whether a text fits a pattern of branches, tags or paths: `*` stands for any characters but a slash, `**` for any, `?` for one.
 * Time grows with the product of both lengths, whatever the pattern.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.match(/\*\*|\*|\?|[^*?]/gsu) ?? []
  const characters = Array.from(text)
  // after each part, which prefixes of the text fit so far
  let fits = new Set([0])
  for (const part of parts) fits = fitting(part, fits, characters)
  return fits.has(characters.length)
}

function fitting(part: string, before: ReadonlySet<number>, text: readonly string[]): Set<number> {
  const after = new Set<number>()
  if (part === '*' || part === '**') {
    let open = false
    for (let i = 0; i <= text.length; i++) {
      if (part === '*' && i > 0 && text[i - 1] === '/') open = false
      if (before.has(i)) open = true
      if (open) after.add(i)
    }
    return after
  }
  for (const i of before) {
    const character = text[i]
    if (character !== undefined && (part === character || (part === '?' && character !== '/'))) after.add(i + 1)
  }
  return after
}
