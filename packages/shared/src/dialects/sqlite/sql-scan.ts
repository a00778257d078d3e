/** What must be known about SQL before it runs: not its grammar, only where its tokens and statements end. */
export interface SqlScan {
  /** Its first word in upper case, after a leading `EXPLAIN`; empty when it has none. */
  readonly firstWord: string
  /** Whether another statement follows the `;` that ends the first one. */
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

// Follows SQLite's own tokenizer. Comments and quoted text come first, so that nothing within them is taken for a token; unclosed
// ones run to the end. A byte order mark is a space where a token may start and a letter within a word. A word includes `$` and
// everything beyond ASCII, even Unicode spaces.
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\ufeff|'[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|`[^`]*(?:``[^`]*)*(?:`|$)|\[[^\]]*(?:\]|$)|\?\d*|[:@#][\w$\u0080-\uffff]+|\$[\w$\u0080-\uffff:()]+|[\w\u0080-\uffff][\w$\u0080-\uffff]*|[^\t\n\v\f\r ]/g

const NO_TOKEN = /^(?:--|\/\*|\ufeff)/

export function scanSql(sql: string): SqlScan {
  const placeholders: Placeholder[] = []
  const statements = new Statements()
  // The index of a bare ? is one more than the largest number before it.
  let largest = 0
  for (const match of sql.matchAll(TOKEN)) {
    const [token] = match
    if (NO_TOKEN.test(token)) continue
    statements.add(token)
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
  return { firstWord: statements.firstWord, several: statements.several, placeholders }
}

// Some pragmas take effect during compilation, so a statement after EXPLAIN is checked too.
const EXPLANATION = ['EXPLAIN', 'QUERY', 'PLAN']
const TRIGGER = /^CREATE(?: TEMP| TEMPORARY)? TRIGGER$/

/** Finds the end of the first statement. The body of a trigger contains semicolons and ends with `; END`. */
class Statements {
  several = false
  #explanation = 0
  /** The first words of the statement, as many as its kind requires. */
  readonly #head: string[] = []
  #inTrigger = false
  #afterSemicolon = false
  #ended = false

  get firstWord(): string {
    return this.#head[0] ?? (this.#explanation > 0 ? 'EXPLAIN' : '')
  }

  add(token: string): void {
    if (token === ';') {
      this.#ended ||= this.firstWord !== '' && !this.#inTrigger
      this.#afterSemicolon = true
      return
    }
    this.several ||= this.#ended
    const word = token.toUpperCase()
    if (this.#inTrigger) this.#inTrigger = !(this.#afterSemicolon && word === 'END')
    else this.#open(word)
    this.#afterSemicolon = false
  }

  #open(word: string): void {
    if (this.#head.length === 0 && word === EXPLANATION[this.#explanation]) {
      this.#explanation++
    } else if (this.#head.length < 3) {
      this.#head.push(word)
      this.#inTrigger = TRIGGER.test(this.#head.join(' '))
    }
  }
}
