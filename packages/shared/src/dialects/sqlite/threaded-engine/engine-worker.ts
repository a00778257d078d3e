import type { AsyncStatement, Row, SqlDriver, SyncStatement } from '../../../driver/driver.js'
import { AnswerWriter } from '../../../remote/wire/answer-writer.js'
import type { Item } from '../../../remote/wire/protocol.js'
import { Reader } from '../../../remote/wire/reader.js'
import type { StopFlag } from '../thread/stop-flag.js'
import { command, OPENED } from './commands.js'

/** Runs commands in the thread of an engine, one after another. */
export class EngineWorker {
  /** Settles when the thread has received the command to close its connection. */
  readonly closing: Promise<void>
  readonly #driver: SqlDriver
  readonly #stop: StopFlag
  readonly #out: AnswerWriter
  readonly #sql = new Map<number, string>()
  readonly #prepared = new Map<number, SyncStatement | AsyncStatement>()
  #inbox: (readonly Item[])[] = []
  #working = false
  #close: () => void = () => undefined
  #split = false

  constructor(driver: SqlDriver, stop: StopFlag, send: (message: readonly Item[]) => void) {
    this.#driver = driver
    this.#stop = stop
    this.#out = new AnswerWriter(send)
    this.closing = new Promise((resolve) => {
      this.#close = resolve
    })
  }

  opened(): void {
    this.#out.answer(OPENED, undefined)
    this.#stop.finish()
  }

  async take(message: readonly Item[]): Promise<void> {
    this.#inbox.push(message)
    if (this.#working) return
    this.#working = true
    // No command begins at the exit of the process: an engine that is working then aborts the process with SIGABRT.
    for (let next = this.#inbox.shift(); next !== undefined && this.#stop.begin(); next = this.#inbox.shift()) {
      await this.#do(new Reader(next))
      this.#out.flush()
    }
    this.#stop.finish()
    this.#working = false
  }

  /** Finalizes all statements and closes the connection. */
  async finish(): Promise<void> {
    for (const statement of this.#prepared.values()) await statement.finalize()
    await this.#driver.close(this.#split)
  }

  async #do(reader: Reader): Promise<void> {
    let word = reader.count()
    for (; word === command.declare; word = reader.count()) this.#sql.set(reader.count(), reader.text())
    if (word === command.close) {
      this.#split = reader.count() === 1
      this.#close()
      return
    }
    const request = reader.count()
    try {
      if (word === command.more) this.#out.more(request)
      else if (word === command.run) this.#out.answer(request, await this.#run(reader.value(), reader.values()))
      else this.#out.answerSteps(request, await this.#transact(reader))
    } catch (error) {
      this.#out.refuse(request, error)
    }
  }

  /** @param statement The number of a declared statement, which stays prepared, or the SQL of one that does not. */
  async #run(statement: Item, parameters: Item[]): Promise<Row[]> {
    if (typeof statement !== 'number') return this.#driver.query(String(statement), parameters)
    const prepared = await this.#preparedOf(statement)
    return prepared.all(parameters)
  }

  async #preparedOf(statement: number): Promise<SyncStatement | AsyncStatement> {
    let prepared = this.#prepared.get(statement)
    if (prepared === undefined) {
      prepared = await this.#driver.prepare(this.#sql.get(statement) as string)
      this.#prepared.set(statement, prepared)
    }
    return prepared
  }

  async #transact(reader: Reader): Promise<Row[][]> {
    const [begin, commit, rollback] = [reader.count(), reader.count(), reader.count()]
    // First: if memory runs out in the transaction, it can still be rolled back. Later writes would otherwise become part of it.
    await this.#preparedOf(rollback)
    await this.#run(begin, [])
    try {
      const answers: Row[][] = []
      for (let left = reader.count(); left > 0; left--) {
        const [statement, expected] = [reader.value(), reader.numberOrNull()]
        const rows = await this.#run(statement, reader.values())
        answers.push(rows)
        if (expected !== null && expected !== rows.length) {
          await this.#run(rollback, [])
          return answers
        }
      }
      await this.#run(commit, [])
      return answers
    } catch (error) {
      // The engine has rolled back by itself after some errors and then refuses this. In both cases no transaction stays open.
      await this.#run(rollback, []).catch(() => undefined)
      throw error
    }
  }
}
