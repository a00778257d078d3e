import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import { UsageError } from './exit-codes.js'
import { escapeUnseen, withoutPasswords } from './output.js'

export interface ConfirmOptions {
  /** Whether nothing is asked. */
  readonly yes?: boolean | undefined
}

/**
 * Asks for confirmation.
 *
 * @throws UsageError without a terminal and without `yes`.
 * @throws NotAsNamedError when the answer is no.
 */
export async function confirm(what: string, { yes }: ConfirmOptions): Promise<void> {
  if (yes === true) return
  if (!process.stdin.isTTY) throw new UsageError(`this would ${what}; pass --yes to do it`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const question = escapeUnseen(withoutPasswords(`This will ${what}. Go on? [y/N] `))
  // Ctrl-C and Ctrl-D mean no. Neither Node nor Bun settles a question whose input ends.
  const answer = await Promise.race([lines.question(question), once(lines, 'close').then(() => '')]).catch(() => '')
  lines.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotAsNamedError('nothing was changed')
}
