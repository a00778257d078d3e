/** What must be known of an SQL text before it runs: nothing of its grammar, only where its tokens and statements end. */
export interface SqlScan {
  /** Its first word in upper case; empty when it has none. */
  readonly firstWord: string
  /** Whether something follows the `;` that ends the first statement. */
  readonly several: boolean
  /** The largest number of a `$1` parameter; 0 when there is none. */
  readonly parameters: number
}

// As PostgreSQL's own scanner has it; unclosed quotes and comments run to the end. E'' knows backslashes. A dollar that
// follows a letter belongs to a name. Comments nest, so their end is looked for by hand.
const TOKEN =
  /--[^\n\r]*|\/\*|[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|\$\d+|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|[^\s]/g

export function scanSql(sql: string): SqlScan {
  const tokens = new RegExp(TOKEN)
  let firstWord = ''
  let ended = false
  let several = false
  let parameters = 0
  for (let match = tokens.exec(sql); match !== null; match = tokens.exec(sql)) {
    const [token] = match
    if (token.startsWith('--')) continue
    if (token === '/*') {
      tokens.lastIndex = endOfComment(sql, match.index)
      continue
    }
    if (/^\$\D|^\$\$/.test(token)) {
      const end = sql.indexOf(token, tokens.lastIndex)
      tokens.lastIndex = end === -1 ? sql.length : end + token.length
    } else if (token.startsWith('$')) {
      parameters = Math.max(parameters, Number(token.slice(1)))
    }
    if (token === ';') {
      ended ||= firstWord !== ''
      continue
    }
    several ||= ended
    if (firstWord === '') firstWord = token.toUpperCase()
  }
  return { firstWord, several, parameters }
}

/** @returns the index after the comment that begins at `start`. */
function endOfComment(sql: string, start: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return sql.length
}
