import { WakeUp } from '../../time/wake-up.js'

// Those of all connections: callers of one process stand in one line for a lock in a file, whichever handle they use.
const lines = new Map<string, Set<LinePlace>>()

/** Has the caller that is first in the line `name` look again: the lock may be free. Every release asks. */
export function wakeLine(name: string): void {
  for (const place of lines.get(name) ?? []) {
    place.wake()
    return
  }
}

/** Whether anybody waits for any lock. */
export function anybodyWaits(): boolean {
  return lines.size > 0
}

/** One caller's place in the line for a lock. Only the first asks for the lock; the others wait for their turn. */
export class LinePlace extends WakeUp {
  readonly #name: string
  readonly #line: Set<LinePlace>

  /** At the end of the line. */
  constructor(name: string) {
    super()
    this.#name = name
    this.#line = lines.get(name) ?? new Set()
    lines.set(name, this.#line)
    this.#line.add(this)
  }

  get isFirst(): boolean {
    for (const first of this.#line) return first === this
    return false
  }

  /** To be called once. The next one is first then. */
  leave(): void {
    const { isFirst } = this
    this.#line.delete(this)
    if (this.#line.size === 0) lines.delete(this.#name)
    else if (isFirst) wakeLine(this.#name)
  }
}
