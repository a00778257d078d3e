import { LoadedText, type LoadRequest, type LoadTurn, randomLoadNumber } from '../../connection/database-owner.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { Fifo } from '../../queue/fifo.js'
import { clientOp, ownerOp } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { readError, writeError } from '../wire/wire-error.js'
import type { ClientChannel } from './client-channel.js'
import type { RemoteQueue } from './remote-queue.js'

// The owner keeps each wait in memory. Waits are not among the bounded requests: a load may take long and may need requests.
const MAX_ENTERED = 4_096

/** Where the turns to load come from, and where values are stored. */
interface Sources {
  readonly channel: ClientChannel
  readonly queue: RemoteQueue
}

/** A wait for the turn to load an entry, and the turn itself. */
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
    this.#end(clientOp.loaded, text)
  }

  failed(error: unknown): void {
    this.#end(clientOp.loadFailed, writeError(error))
  }

  release(): void {
    this.#end(clientOp.loadPassedOn)
  }

  #end(op: number, ...what: string[]): void {
    this.#sources.channel.notify(op, this.number, ...what)
    this.#over(this)
  }
}

/** The turns to load that this client has and waits for. */
export class RemoteLoads {
  readonly #sources: Sources
  readonly #waits = new Map<number, Wait>()
  readonly #queued = new Fifo<Wait>()
  #lastWait = randomLoadNumber()

  constructor(channel: ClientChannel, queue: RemoteQueue) {
    this.#sources = { channel, queue }
  }

  enter(request: LoadRequest): Promise<LoadTurn | LoadedText> {
    const { channel } = this.#sources
    if (channel.closed !== undefined)
      return Promise.reject(DisconnectedError.of('cache.getOrSet', 'none', channel.closed))
    channel.awaited(1)
    return new Promise((resolve, reject) => {
      // A load that waits for others must not wait for a place that it occupies itself.
      const isNext = this.#waits.size < MAX_ENTERED || request.inside !== undefined
      // One number over all levels: a client of this connection may ask from inside the load through another connection.
      const keepsNumber = request.number !== undefined && isNext && !this.#waits.has(request.number)
      const number = keepsNumber ? request.number : ++this.#lastWait
      const wait = new Wait(number, request, this.#sources, { resolve, reject }, (over) => this.#leave(over))
      if (isNext) this.#enter(wait)
      else this.#queued.push(wait)
    })
  }

  /** @returns whether the operation is about loads. */
  read(op: number, reader: Reader): boolean {
    if (op !== ownerOp.turn && op !== ownerOp.loaded && op !== ownerOp.loadFailed && op !== ownerOp.overtaken)
      return false
    const wait = this.#waits.get(reader.count())
    const text = op === ownerOp.loaded || op === ownerOp.loadFailed ? reader.text() : ''
    // A load that has ended here may still be overtaken at the owner.
    if (op === ownerOp.overtaken) wait?.request.overtaken()
    else if (wait === undefined) throw new MalformedMessage('nothing waits for this load')
    else if (op === ownerOp.turn) wait.resolve(wait)
    else {
      if (op === ownerOp.loaded) wait.resolve(new LoadedText(text))
      else wait.reject(readError(text).error)
      this.#leave(wait)
    }
    return true
  }

  ended(reason: string): void {
    const waits = [...this.#waits.values(), ...this.#queued.take(this.#queued.length)]
    this.#waits.clear()
    for (const wait of waits) wait.reject(DisconnectedError.of('cache.getOrSet', 'none', reason))
  }

  #enter(wait: Wait): void {
    this.#waits.set(wait.number, wait)
    const { entry, key, inside = 0, withoutText } = wait.request
    const op = withoutText ? clientOp.waitInLoad : clientOp.enterLoad
    this.#sources.channel.notify(op, wait.number, entry, key, inside)
  }

  #leave(wait: Wait): void {
    if (!this.#waits.delete(wait.number)) return
    this.#sources.channel.awaited(-1)
    if (this.#queued.length > 0 && this.#waits.size < MAX_ENTERED) {
      for (const next of this.#queued.take(1)) this.#enter(next)
    }
  }
}
