import { CHANNELS, type TracedCall } from '@go-go-scope/persistence-core/integration'
import { subscribe } from './subscribe.js'

/** What is made of each call. */
export interface CallFollower<Kept> {
  /** @returns what to keep until the call has ended; `undefined` for a call that is not followed. */
  began(call: TracedCall): Kept | undefined
  ended(call: TracedCall, kept: Kept): void
  /** The call is under way when nobody listens any more: its end will not be heard. */
  left(call: TracedCall, kept: Kept): void
}

/** Follows each call from its begin to its end. @returns ends it. */
export function followCalls<Kept>({ began, ended, left }: CallFollower<Kept>): () => void {
  const underWay = new Map<TracedCall, Kept>()
  const end = subscribe({
    [`tracing:${CHANNELS.call}:start`]: (call: TracedCall) => {
      const kept = began(call)
      if (kept !== undefined) underWay.set(call, kept)
    },
    [`tracing:${CHANNELS.call}:asyncEnd`]: (call: TracedCall) => {
      const kept = underWay.get(call)
      if (kept === undefined) return
      underWay.delete(call)
      ended(call, kept)
    },
  })
  return () => {
    end()
    for (const [call, kept] of underWay) left(call, kept)
    underWay.clear()
  }
}
