import type { Connection } from '../../connection/connection.js'
import { LoadedText } from '../../connection/database-owner.js'
import { type Load, Loads, PASSED_ON } from '../../stores/cache/loads.js'
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

/** The loads of which users of one connection have the turn, by the numbers of their waits, which all users choose apart. */
class GivenTurns {
  readonly #loads = new Map<number, Load>()

  add(wait: number, load: Load): void {
    this.#loads.set(wait, load)
  }

  get(wait: number): Load | undefined {
    return this.#loads.get(wait)
  }

  remove(wait: number, load: Load): void {
    if (this.#loads.get(wait) === load) this.#loads.delete(wait)
  }
}

/** The loads of `getOrSet` that one user runs and waits for. */
export class ClientLoads {
  readonly #loads: Loads
  readonly #given: GivenTurns
  readonly #tell: (...items: Item[]) => void
  readonly #turns = new Map<number, Turn>()
  #gone = false

  constructor(connection: Connection, tell: (...items: Item[]) => void) {
    this.#loads = connection.shared(Loads)
    this.#given = connection.shared(GivenTurns)
    this.#tell = tell
  }

  run(note: LoadNote): void {
    if (note.word === say.enterLoad) {
      void this.#enter(note.wait, note.entry, note.key, this.#given.get(note.inside))
      return
    }
    const turn = this.#turns.get(note.wait)
    if (turn === undefined) return
    this.#end(note.wait, turn)
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
      this.#end(wait, turn)
      turn.settle(PASSED_ON)
    }
  }

  #end(wait: number, { load }: Turn): void {
    this.#turns.delete(wait)
    this.#given.remove(wait, load)
    load.running = false
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
      this.#given.add(wait, load)
      this.#tell(tell.turn, wait)
    })
  }
}
