import { LoadedText } from '../../connection/database-owner.js'
import { type Load, type Loads, PASSED_ON } from '../../stores/cache/loads.js'
import { type Item, say, tell } from '../wire/protocol.js'
import { writeError } from '../wire/wire-error.js'
import type { NoteCommand } from './commands.js'

/** A turn to load that a user has. */
interface Turn {
  readonly load: Load
  readonly settle: (value: LoadedText | typeof PASSED_ON) => void
  readonly reject: (error: unknown) => void
}

type LoadNote = Extract<NoteCommand, { readonly wait: number }>

/** The loads of `getOrSet` that one user runs and waits for. */
export class ClientLoads {
  readonly #loads: Loads
  readonly #tell: (...items: Item[]) => void
  readonly #turns = new Map<number, Turn>()
  #gone = false

  constructor(loads: Loads, tell: (...items: Item[]) => void) {
    this.#loads = loads
    this.#tell = tell
  }

  run(note: LoadNote): void {
    if (note.word === say.enterLoad) {
      void this.#enter(note.wait, note.entry, note.key, this.#turns.get(note.inside)?.load)
      return
    }
    const turn = this.#turns.get(note.wait)
    if (turn === undefined) return
    this.#turns.delete(note.wait)
    turn.load.running = false
    if (note.word === say.loadPassedOn) turn.settle(PASSED_ON)
    else if (note.word === say.loadFailed) turn.reject(note.error)
    else {
      turn.load.text = note.text
      turn.settle(new LoadedText(note.text))
    }
  }

  /** The load that a call stores for; `undefined` when it has ended. */
  loadOf(wait: number): Load | undefined {
    return this.#turns.get(wait)?.load
  }

  /** The user has gone: its turns go to the next ones that wait. */
  passOn(): void {
    this.#gone = true
    for (const [wait, turn] of this.#turns) {
      this.#turns.delete(wait)
      turn.load.running = false
      turn.settle(PASSED_ON)
    }
  }

  async #enter(wait: number, entry: string, key: string, asking: Load | undefined): Promise<void> {
    let isOwn = false
    const begin = (load: Load): Promise<unknown> => {
      isOwn = true
      return this.#give(wait, load)
    }
    try {
      while (!this.#gone) {
        const { load, value } = this.#loads.enter(entry, key, begin, asking)
        load.atOvertaking.push(() => this.#tell(tell.overtaken, wait))
        const given = await value
        if (isOwn || this.#gone) return
        if (given === PASSED_ON) continue
        this.#tell(tell.loaded, wait, given instanceof LoadedText ? given.text : (load.text as string))
        return
      }
    } catch (error) {
      // The user whose load it was knows.
      if (!isOwn) this.#tell(tell.loadFailed, wait, writeError(error))
    }
  }

  #give(wait: number, load: Load): Promise<unknown> {
    load.running = true
    return new Promise((settle, reject) => {
      this.#turns.set(wait, { load, settle, reject })
      this.#tell(tell.turn, wait)
    })
  }
}
