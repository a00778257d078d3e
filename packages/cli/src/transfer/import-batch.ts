import { NotAsNamedError } from '@go-go-scope/persistence-inspector/actions'
import type { DatabaseByPrefix } from './databases.js'
import type { ExportedItem } from './format.js'
import { type Conflicts, importItem, nameOf, type Outcome } from './import-item.js'
import type { StandingClock } from './stored-text.js'
import type { Tally } from './tally.js'

const MOST_ITEMS = 256
const MOST_CHARACTERS = 1024 * 1024

/** What a batch writes to, and how. */
export interface ImportTarget {
  readonly database: DatabaseByPrefix
  /** The clock of the database. */
  readonly clock: StandingClock
  readonly conflicts: Conflicts
  readonly tally: Tally
}

/** Items of one prefix and kind. Their calls are made together, so they share statements and commits. */
export class ImportBatch {
  readonly #target: ImportTarget
  #items: { readonly item: ExportedItem; readonly line: number }[] = []
  #characters = 0

  constructor(target: ImportTarget) {
    this.#target = target
  }

  /**
   * Adds the item of a line. Writes the earlier ones before if it does not fit.
   *
   * @param characters The length of the line.
   * @throws as {@link flush}.
   */
  async add(item: ExportedItem, line: number, characters: number): Promise<void> {
    if (!this.#fits(item)) await this.flush()
    this.#items.push({ item, line })
    this.#characters += characters
  }

  /**
   * Writes the items. Those after a failed one may be written too.
   *
   * @throws the error of the first item that has failed, with its line; NotAsNamedError if its key exists and that is not allowed.
   */
  async flush(): Promise<void> {
    const items = this.#items
    const [first] = items
    if (first === undefined) return
    this.#items = []
    this.#characters = 0
    const { database, clock, conflicts, tally } = this.#target
    clock.moveTo(Date.now())
    const target = await database.under(first.item.prefix)
    const settled = await Promise.allSettled(items.map(({ item }) => importItem(target, item, clock, conflicts)))
    const outcomes = items.map(({ item, line }, at) => ({ item, line, ...(settled[at] as Settled) }))
    // All are counted before the first failure is thrown.
    for (const { item, ...ended } of outcomes) if (ended.status === 'fulfilled') tally.count(item, ended.value)
    for (const { item, line, ...ended } of outcomes) {
      if (ended.status === 'rejected') throw atLine(line, item, ended.reason)
      if (conflicts !== 'fail' || !isTaken(ended.value)) continue
      throw new NotAsNamedError(
        `line ${line}: ${nameOf(item)} is there already; --conflicts skip keeps what is there, --conflicts replace what comes`,
      )
    }
  }

  #fits({ prefix, kind }: ExportedItem): boolean {
    const [first] = this.#items
    if (first === undefined) return true
    // A circuit needs its own batch, because its times are set by moving the clock.
    if (kind === 'circuit' || first.item.kind !== kind || first.item.prefix !== prefix) return false
    return this.#items.length < MOST_ITEMS && this.#characters < MOST_CHARACTERS
  }
}

type Settled = PromiseSettledResult<Outcome>

const isTaken = (outcome: Outcome): boolean => outcome === 'there' || outcome === 'claimed'

function atLine(line: number, item: ExportedItem, error: unknown): unknown {
  // The same error object, because the exit code depends on its code.
  if (error instanceof Error) error.message = `line ${line}, ${nameOf(item)}: ${error.message}`
  return error
}
