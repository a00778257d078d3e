import { type Action, act, inWords, NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { type ConfirmOptions, confirm } from './confirm.js'
import { withDatabase } from './open-database.js'
import { cell, say } from './output.js'

/** Performs an action after confirmation, as the page of `serve --write` does. @throws NotAsNamedError */
export async function performAction(path: string, action: Action, options: ConfirmOptions): Promise<void> {
  await confirm(`${inWords(action, cell)}, in ${path}`, options)
  const how = { prefix: action.prefix, write: true }
  try {
    say(await withDatabase(path, how, (database) => act(database, action, cell)))
  } catch (error) {
    // An app with a prefix may have been meant.
    if (error instanceof NotAsNamedError && action.prefix === '')
      error.message += '; if the app has a keyPrefix, name it with --prefix'
    throw error
  }
}
