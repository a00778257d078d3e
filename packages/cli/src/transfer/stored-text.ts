import { type Clock, systemClock, type ValueCodec } from '@go-go-scope/persistence-core/public'

/** Stands for a result that could not be stored in its original database. */
export class NotStored {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** Returns the reason of a {@link NotStored} from the message of the error that represents it in the database. */
export function reasonIn(message: string): string {
  return (
    /^idempotency\.complete: cannot store the value: (idempotency\..*); store plain data/s.exec(message)?.[1] ?? message
  )
}

/** A codec that keeps values as their stored texts, so that they need not be decoded, whatever codec an app has. */
export const storedText: ValueCodec = {
  encode(value) {
    if (value instanceof NotStored) throw new Error(value.reason)
    return value as string
  },
  decode: (text) => text,
}

/** A clock that stands still, so that a time to live ends at the exact ms. */
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
