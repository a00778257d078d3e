import { CHANNELS, type TracedCall } from '@go-go-scope/persistence-core/integration'
import { subscribe } from './subscribe.js'

/** The callbacks for each call. */
export interface CallFollower<Kept> {
  /** Called when a call begins. Returns what to keep until it ends; `undefined` for a call that is not followed. */
  began(call: TracedCall): Kept | undefined
  /** Called when a call ends. */
  ended(call: TracedCall, kept: Kept): void
  /** Called last for each call: after {@link ended}, or when following stops before the call ends. */
  over(call: TracedCall, kept: Kept): void
}

/** Follows each call from its begin to its end. Returns a function that stops it. */
export function followCalls<Kept>({ began, ended, over }: CallFollower<Kept>): () => void {
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
      over(call, kept)
    },
  })
  return () => {
    end()
    for (const [call, kept] of underWay) over(call, kept)
  }
}
