/** Facts about an SQL text before it runs. They need no grammar, only the ends of its tokens and statements. */
export interface SqlScan {
  /** Its first word in upper case; empty when it has none. */
  readonly firstWord: string
  /** Whether something follows the `;` that ends the first statement. */
  readonly several: boolean
  /** The largest parameter number, for example 2 for `$2`; 0 when there is none. */
  readonly parameters: number
}

// As in PostgreSQL's own scanner. Unclosed quotes and comments run to the end. E'' has backslash escapes. A dollar after a
// letter belongs to a name. Comments nest, so `endOfComment` finds their end.
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

/** Returns the index after the comment that begins at `start`. */
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
