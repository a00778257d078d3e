/** What must be known of an SQL text before it runs: nothing of its grammar, only where its tokens are. */
export interface SqlScan {
  /** Its first word in upper case; empty when it has none. */
  readonly firstWord: string
  /** Whether something follows the `;` that ends the first statement. */
  readonly several: boolean
  readonly placeholders: readonly Placeholder[]
}

/** A parameter of an SQL text. */
export interface Placeholder {
  readonly start: number
  readonly end: number
  /** Index of its value; `undefined` for a named one. */
  readonly index: number | undefined
}

// Comments and quoted text first, so that nothing within them is taken for a token. Unclosed ones run to the end, as in
// SQLite. A word takes in `$` and everything beyond ASCII, as SQLite's identifiers do.
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|`[^`]*(?:``[^`]*)*(?:`|$)|\[[^\]]*(?:\]|$)|\?\d*|[:@#][\w$\u0080-\uffff]+|\$[\w$\u0080-\uffff:()]+|[\w\u0080-\uffff][\w$\u0080-\uffff]*|\S/g

export function scanSql(sql: string): SqlScan {
  const placeholders: Placeholder[] = []
  let firstWord: string | undefined
  let ended = false
  let several = false
  // A bare ? is one more than the largest number before it.
  let largest = 0
  for (const match of sql.matchAll(TOKEN)) {
    const [token] = match
    if (token.startsWith('--') || token.startsWith('/*')) continue
    if (token === ';') {
      ended ||= firstWord !== undefined
      continue
    }
    several ||= ended
    firstWord ??= token.toUpperCase()
    const named = /^[:@#$]./.test(token)
    if (!named && !token.startsWith('?')) continue
    const number = named ? undefined : token === '?' ? largest + 1 : Number(token.slice(1))
    largest = Math.max(largest, number ?? 0)
    placeholders.push({
      start: match.index,
      end: match.index + token.length,
      index: number === undefined ? undefined : number - 1,
    })
  }
  return { firstWord: firstWord ?? '', several, placeholders }
}
