// As SQLite's own tokenizer has it: spaces, comments and ends of statements. An unclosed comment runs to the end.
const NOTHING = /[\t\n\v\f\r ;\ufeff]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y

/**
 * Refuses a text that holds no statement. The engine prepares it, and ends the process when it is given a parameter.
 *
 * @throws Error
 */
export function refuseEmpty(sql: string): void {
  NOTHING.lastIndex = 0
  let end = 0
  while (NOTHING.test(sql)) end = NOTHING.lastIndex
  // SQLite reads a text up to its first NUL.
  if (end >= sql.length || sql[end] === '\0') throw new Error('the text holds no statement')
}
