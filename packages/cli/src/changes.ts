import { createInterface } from 'node:readline/promises'
import { setTimeout } from 'node:timers/promises'
import { NotAsNamedError, UsageError } from './exit-codes.js'
import { withDatabase } from './open-database.js'
import { cell, say, withoutPasswords } from './output.js'

/** How something is changed. */
export interface ChangeOptions {
  readonly prefix?: string | undefined
  readonly yes?: boolean | undefined
}

export async function circuit(
  path: string,
  action: 'reset' | 'isolate',
  key: string,
  options: ChangeOptions,
): Promise<void> {
  await confirm(`${action} the circuit ${cell(key)} of ${path}`, options)
  await withDatabase(path, { ...options, write: true }, async (database) => {
    // A reset would write a row for a key that was mistyped. To isolate what nobody has called yet may be meant.
    if (action === 'reset' && (await find(database.inspect().circuits({ startsWith: key }), key)) === undefined) {
      throw new NotAsNamedError(`there is no circuit ${cell(key)}; nothing was changed`)
    }
    await database.circuitBreaker[action](key)
  })
  say(`the circuit ${cell(key)} is ${action === 'reset' ? 'closed' : 'open until it is reset'}`)
}

/** The item of that key. Of results it need not be the first that begins so: kept failures come last. */
async function find<Found extends { readonly key: string }>(
  items: AsyncIterable<Found>,
  key: string,
): Promise<Found | undefined> {
  for await (const item of items) if (item.key === key) return item
  return undefined
}

/** Ends the hold under that token; a newer holder keeps its own. */
export async function releaseLock(path: string, key: string, token: number, options: ChangeOptions): Promise<void> {
  await confirm(`release the lock ${cell(key)} of ${path}, if its token is ${token}`, options)
  await withDatabase(path, { ...options, write: true }, async (database) => {
    const lock = await find(database.inspect().locks({ startsWith: key }), key)
    if (lock !== undefined && lock.token !== token)
      throw new NotAsNamedError(`the lock ${cell(key)} has the token ${lock.token}; nothing was changed`)
    // A lease that ends with the next ms, and that of this owner only: a release could meet a holder that came meanwhile.
    if (lock === undefined || !(await database.lock.extend(key, 1, lock.owner ?? '')))
      throw new NotAsNamedError(`nobody holds the lock ${cell(key)}; nothing was changed`)
    await setTimeout(2) // It is free when this has ended.
  })
}

/** Ends the claim of that generation, as the end of its lease would; a newer claim goes on. */
export async function freeClaim(path: string, key: string, generation: number, options: ChangeOptions): Promise<void> {
  await confirm(`free the claim on ${cell(key)} of ${path}, if its generation is ${generation}`, options)
  await withDatabase(path, { ...options, write: true }, async (database) => {
    if (await database.idempotency.freeClaim(key, generation)) return
    const claim = await find(database.inspect().claims({ startsWith: key }), key)
    const what =
      claim === undefined
        ? `nobody works on ${cell(key)}`
        : `the claim on ${cell(key)} has the generation ${claim.generation}`
    throw new NotAsNamedError(`${what}; nothing was changed`)
  })
}

export async function deleteResult(path: string, key: string, options: ChangeOptions): Promise<void> {
  await confirm(`remove the result of ${cell(key)} from ${path}, so that its work may run again`, options)
  await withDatabase(path, { ...options, write: true }, async (database) => {
    const listed = { startsWith: key, expired: true }
    if ((await find(database.inspect().results(listed), key)) === undefined) {
      throw new NotAsNamedError(`${cell(key)} has no result; nothing was changed`)
    }
    await database.idempotency.delete(key)
  })
  say(`the result of ${cell(key)} is removed`)
}

export async function clear(path: string, startsWith: string | undefined, options: ChangeOptions): Promise<void> {
  const which = startsWith === undefined ? '' : ` that begin with ${cell(startsWith)}`
  await confirm(
    `remove the cache entries${which} of the prefix ${cell(options.prefix ?? '(none)')} from ${path}`,
    options,
  )
  await withDatabase(path, { ...options, write: true }, ({ cache }) =>
    startsWith === undefined ? cache.clear() : cache.clear({ startsWith }),
  )
}

export async function prune(path: string, options: ChangeOptions): Promise<void> {
  await confirm(`remove what has expired from ${path}`, options)
  const { cache, idempotency } = await withDatabase(path, { write: true }, (database) => database.prune())
  say(`removed ${cache} cache entries and ${idempotency} results`)
}

/**
 * Asks whether to go on.
 *
 * @throws UsageError without a terminal and without `yes`.
 * @throws NotAsNamedError when the answer is no.
 */
export async function confirm(what: string, { yes }: ChangeOptions): Promise<void> {
  if (yes === true) return
  if (!process.stdin.isTTY) throw new UsageError(`this would ${what}; pass --yes to do it`)
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  // Ctrl-C is a no.
  const answer = await lines.question(withoutPasswords(`This will ${what}. Go on? [y/N] `)).catch(() => '')
  lines.close()
  if (!/^y(es)?$/i.test(answer.trim())) throw new NotAsNamedError('nothing was changed')
}
