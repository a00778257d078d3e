import { WINDOW } from './protocol.js'
import { MalformedMessage } from './reader.js'

interface Sized {
  /** About its bytes. */
  readonly units: number
  /** Of how many requests it is; absent: of one. */
  readonly count?: number
}

/** How many requests of a user came and are not answered. */
export class Unanswered {
  #units = 0
  #atIdle: (() => void)[] = []
  calls = 0
  /** Those of them that were handed to the database. */
  begun = 0

  begin({ count = 1 }: Sized): void {
    this.begun += count
  }

  /** What was begun has its answer. */
  end(request: Sized): void {
    this.begun -= request.count ?? 1
    this.leave(request)
  }

  /** @throws MalformedMessage for more than a user may have under way. */
  enter({ units, count = 1 }: Sized): void {
    this.calls += count
    this.#units += units
    if (this.calls > WINDOW.calls || (this.calls > 1 && this.#units > WINDOW.units)) {
      throw new MalformedMessage('more is under way than a user may have')
    }
  }

  leave({ units, count = 1 }: Sized): void {
    this.calls -= count
    this.#units -= units
    if (this.calls === 0) for (const idle of this.#atIdle.splice(0)) idle()
  }

  /** Settles when there are none. */
  drain(): Promise<void> {
    return this.calls === 0 ? Promise.resolve() : new Promise((resolve) => this.#atIdle.push(resolve))
  }
}
