import { createInterface } from 'node:readline/promises'
import { type Action, act, inWords, NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { UsageError } from './exit-codes.js'
import { withDatabase } from './open-database.js'
import { cell, say, withoutPasswords } from './output.js'

/** How something is changed. */
export interface ChangeOptions {
  readonly prefix?: string | undefined
  readonly yes?: boolean | undefined
}

/** Makes a change after confirmation, as the page of `serve --write` does. @throws NotAsNamedError */
export async function change(path: string, action: Action, options: ChangeOptions): Promise<void> {
  await confirm(`${inWords(action, cell)}, in ${path}`, options)
  const how = { prefix: action.prefix, write: true }
  try {
    say(await withDatabase(path, how, (database) => act(database, action, cell)))
  } catch (error) {
    // An app with a prefix may have been meant.
    if (error instanceof NotAsNamedError && action.prefix === '') error.message += '; see --prefix'
    throw error
  }
}

/**
 * Asks for confirmation.
 *
 * @throws UsageError without a terminal and without `yes`.
 * @throws NotAsNamedError when the answer is no.
 */
export async function confirm(what: string, { yes }: ChangeOptions): Promise<void> {
  if (yes === true) return
  if (!process.stdin.isTTY) throw new UsageError(`this would ${what}; pass --yes to do it`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C means no.
  const answer = await lines.question(withoutPasswords(`This will ${what}. Go on? [y/N] `)).catch(() => '')
  lines.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotAsNamedError('nothing was changed')
}
