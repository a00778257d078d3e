import { randomInt } from 'node:crypto'
import { LoadedText, type LoadRequest, type LoadTurn } from '../../connection/database-owner.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { Fifo } from '../../queue/fifo.js'
import { say, tell } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { readError, writeError } from '../wire/wire-error.js'
import type { RemoteLink } from './remote-link.js'
import type { RemoteQueue } from './remote-queue.js'

// The owner keeps each in its memory. They are not among the requests that are bounded: a load may take long, and what it
// does may need requests.
const MOST_ENTERED = 4_096
// The most that `randomInt` takes is 2^48.
const FIRST_WAITS = 2 ** 47

/** Where the turns to load come from. */
interface Sources {
  readonly link: RemoteLink
  readonly queue: RemoteQueue
}

/** One wait for a turn to load, and the turn. */
class Wait implements LoadTurn {
  readonly number: number
  readonly request: LoadRequest
  readonly resolve: (turn: LoadTurn | LoadedText) => void
  readonly reject: (error: unknown) => void
  readonly #sources: Sources
  readonly #over: (wait: Wait) => void

  constructor(
    number: number,
    request: LoadRequest,
    sources: Sources,
    settle: Pick<Wait, 'resolve' | 'reject'>,
    over: (wait: Wait) => void,
  ) {
    this.number = number
    this.request = request
    this.resolve = settle.resolve
    this.reject = settle.reject
    this.#sources = sources
    this.#over = over
  }

  store<Result>(write: () => Result): Result {
    const { queue } = this.#sources
    queue.guard = this.number
    try {
      return write()
    } finally {
      queue.guard = undefined
    }
  }

  done(text: string): void {
    this.#end(say.loaded, text)
  }

  failed(error: unknown): void {
    this.#end(say.loadFailed, writeError(error))
  }

  passOn(): void {
    this.#end(say.loadPassedOn)
  }

  #end(word: number, ...what: string[]): void {
    this.#sources.link.say(word, this.number, ...what)
    this.#over(this)
  }
}

/** The turns to load that this user of the database has and waits for. */
export class RemoteLoads {
  readonly #sources: Sources
  readonly #waits = new Map<number, Wait>()
  readonly #outside = new Fifo<Wait>()
  /** The numbers of all users of an owner differ: a load that runs in one connection may ask through another one. */
  #lastWait = randomInt(FIRST_WAITS)

  constructor(link: RemoteLink, queue: RemoteQueue) {
    this.#sources = { link, queue }
  }

  enter(request: LoadRequest): Promise<LoadTurn | LoadedText> {
    const { link } = this.#sources
    if (link.closed !== undefined) return Promise.reject(DisconnectedError.of('cache.getOrSet', 'none', link.closed))
    link.awaited(1)
    return new Promise((resolve, reject) => {
      const wait = new Wait(++this.#lastWait, request, this.#sources, { resolve, reject }, (over) => this.#leave(over))
      // A load that waits for others must not wait for a place that it takes itself.
      if (this.#waits.size < MOST_ENTERED || request.inside !== undefined) this.#enter(wait)
      else this.#outside.push(wait)
    })
  }

  /** @returns whether the word is about loads. */
  read(word: number, reader: Reader): boolean {
    if (word !== tell.turn && word !== tell.loaded && word !== tell.loadFailed && word !== tell.overtaken) return false
    const wait = this.#waits.get(reader.count())
    const text = word === tell.loaded || word === tell.loadFailed ? reader.text() : ''
    // A load that has ended here may be overtaken there.
    if (word === tell.overtaken) wait?.request.overtaken()
    else if (wait === undefined) throw new MalformedMessage('nothing waits for this load')
    else if (word === tell.turn) wait.resolve(wait)
    else {
      if (word === tell.loaded) wait.resolve(new LoadedText(text))
      else wait.reject(readError(text).error)
      this.#leave(wait)
    }
    return true
  }

  ended(reason: string): void {
    const waits = [...this.#waits.values(), ...this.#outside.take(this.#outside.length)]
    this.#waits.clear()
    for (const wait of waits) wait.reject(DisconnectedError.of('cache.getOrSet', 'none', reason))
  }

  #enter(wait: Wait): void {
    this.#waits.set(wait.number, wait)
    const { entry, key, inside } = wait.request
    // That of another owner is none of this one's, nor is one that has ended.
    const asking = inside instanceof Wait ? inside.number : 0
    this.#sources.link.say(say.enterLoad, wait.number, entry, key, asking)
  }

  #leave(wait: Wait): void {
    if (!this.#waits.delete(wait.number)) return
    this.#sources.link.awaited(-1)
    if (this.#outside.length > 0 && this.#waits.size < MOST_ENTERED) {
      for (const next of this.#outside.take(1)) this.#enter(next)
    }
  }
}
