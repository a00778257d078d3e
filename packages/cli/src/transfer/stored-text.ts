import { type Clock, systemClock, type ValueCodec } from '@go-go-scope/persistence-core/public'

/** Stands for a result that could not be stored where it was made. */
export class NotStored {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** The reason that {@link NotStored} was given, from the message of the error that stands in the database for it. */
export function reasonIn(message: string): string {
  return (
    /^idempotency\.complete: cannot store the value: (idempotency\..*); store plain data/s.exec(message)?.[1] ?? message
  )
}

/** Leaves values in the text in which they are stored: whatever codec an app has, none of them is decoded on the way. */
export const storedText: ValueCodec = {
  encode(value) {
    if (value instanceof NotStored) throw new Error(value.reason)
    return value as string
  },
  decode: (text) => text,
}

/** Time that stands still, so that a time to live ends at the very ms that is asked for. */
export class StandingClock implements Clock {
  readonly monotonic: Clock['monotonic'] = systemClock.monotonic
  readonly setTimer: Clock['setTimer'] = systemClock.setTimer
  #now: number

  constructor(now: number = Date.now()) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** @param now Epoch ms. */
  moveTo(now: number): void {
    this.#now = now
  }
}
