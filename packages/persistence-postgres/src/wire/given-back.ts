import { endsConnection } from '../sql/error-codes.js'
import { within } from './deadline.js'
import type { ReservedLike } from './reservations.js'

/** Connections of an `sql` of `postgres` that are on their way back to it. */
export class GivenBack {
  /** What each was asked before it was released, ahead of which nothing of the app's is. */
  readonly #before = new Set<Promise<boolean>>()
  /** And after. */
  readonly #after = new Set<Promise<void>>()

  /** @param lost Called when it turns out to have ended. */
  add(reserved: ReservedLike, lost: () => void): void {
    const asked = async (): Promise<boolean> => {
      try {
        await reserved.unsafe('SELECT 1', [], { prepare: false })
        return true
      } catch (error) {
        lost()
        return !endsConnection(error)
      }
    }
    const before = asked()
    const after = before.then(async (stays) => {
      if (!stays) return
      reserved.release()
      // The library ends a connection behind a statement, and not when it is released: where `sql.end` was called, and where
      // the connection has been reserved beyond its `max_lifetime`. Without a statement the app's `sql.end` would wait for ever.
      await asked()
    })
    this.#before.add(before)
    this.#after.add(after)
    void before.then(() => this.#before.delete(before))
    void after.then(() => this.#after.delete(after))
  }

  /** Whether one answers nothing within `ms`. Else it has been asked for the last time, or is waiting for statements of the app's. */
  async isSilent(ms: number): Promise<boolean> {
    const answered = Promise.all(this.#before).then(() => false)
    const silent = await within(ms, answered, async () => true)
    // The library forgets the last one where a statement of the app's goes ahead of it, which does the same.
    if (!silent) await within<unknown>(ms, Promise.all(this.#after), async () => undefined)
    return silent
  }
}
