import { endsConnection } from '../sql/error-codes.js'
import { within } from './deadline.js'
import type { ReservedLike } from './reservations.js'

/** Connections that are being released to an `sql` of `postgres`. */
export class PendingReleases {
  /** A statement of each connection, sent before its release, so no statement of the app is ahead of it. */
  readonly #before = new Set<Promise<boolean>>()
  /** A statement of each connection, sent after its release. */
  readonly #after = new Set<Promise<void>>()

  /** @param lost Called if the connection turns out to have ended. */
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
      // After `sql.end`, or when a connection was reserved beyond its `max_lifetime`, the library ends the connection after its
      // next statement, not at its release. Without a statement the app's `sql.end` would wait forever.
      await asked()
    })
    this.#before.add(before)
    this.#after.add(after)
    void before.then(() => this.#before.delete(before))
    void after.then(() => this.#after.delete(after))
  }

  /** Returns whether a connection does not answer within `ms`. If all answer, their statements after the release have run too. */
  async isSilent(ms: number): Promise<boolean> {
    const answered = Promise.all(this.#before).then(() => false)
    const silent = await within(ms, answered, async () => true)
    // The library drops the last statement if one of the app goes ahead of it, which has the same effect.
    if (!silent) await within<unknown>(ms, Promise.all(this.#after), async () => undefined)
    return silent
  }
}
