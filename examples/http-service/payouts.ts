import type { Bank } from './bank.ts'
import type { Persistence } from './database.ts'

const SALARY = 2_000

/** The progress of a payout. */
export interface Payout {
  done: number
  people: number
}

type Store = Pick<Persistence, 'checkpoint' | 'idempotency' | 'inspect'>

/** A job with many steps that survives its process. Each step is a checkpoint, from which the next process continues. */
export class Payouts {
  readonly #store: Store
  readonly #bank: Bank

  constructor(store: Store, bank: Bank) {
    this.#store = store
    this.#bank = bank
  }

  /** Orders a payout. It is stored when this resolves. {@link goOn} runs it. */
  order(id: string, people: number): Promise<void> {
    return this.#save(id, { done: 0, people })
  }

  /** Runs all ordered payouts, including those that a crashed process has begun. */
  async goOn(signal: AbortSignal): Promise<void> {
    for await (const { key } of this.#store.inspect().tasks({ startsWith: 'payout-' })) await this.#run(key, signal)
  }

  async find(id: string): Promise<Payout | undefined> {
    const latest = await this.#store.checkpoint.loadLatest<Payout>(id)
    return latest?.data ?? (await this.#store.idempotency.get<Payout>(id))?.value
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const payout = await this.find(id)
    if (payout === undefined) return
    const { people } = payout
    for (let { done } = payout; done < people; ) {
      signal.throwIfAborted()
      // The process may die between this line and the checkpoint. Then the step is repeated, so the bank gets an idempotency key.
      await this.#bank.charge(`${id}/${done}`, SALARY)
      await this.#save(id, { done: ++done, people })
    }
    await this.#store.idempotency.set(id, { done: people, people })
    await this.#store.checkpoint.deleteAll(id)
  }

  #save(id: string, payout: Payout): Promise<void> {
    return this.#store.checkpoint.save({
      id: `${id}/${payout.done}`,
      taskId: id,
      sequence: payout.done + 1,
      timestamp: Date.now(),
      progress: (100 * payout.done) / payout.people,
      data: payout,
    })
  }
}
