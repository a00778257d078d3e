import {
  LoadedText,
  LoadRefusal,
  type LoadRequest,
  type LoadTurn,
  randomLoadNumber,
  type WaitInLoad,
} from '../../connection/database-owner.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import { PersistenceError } from '../../errors/persistence-error.js'
import { clientOp, MAX_WAITS, ownerOp } from '../wire/protocol.js'
import { MalformedMessage, type Reader } from '../wire/reader.js'
import { readError, writeError } from '../wire/wire-error.js'
import type { ClientChannel } from './client-channel.js'
import type { RemoteQueue } from './remote-queue.js'

// The owner keeps each wait in memory. Waits are not among the bounded requests: a load may take long and may need requests. More
// waits are kept here until others have ended, except those of code that a load has called: that load would occupy the place that
// they wait for. These may fill `MAX_WAITS`.
const MAX_ENTERED = 4_096

/** Where the turns to load come from, and where values are stored. */
interface Sources {
  readonly channel: ClientChannel
  readonly queue: RemoteQueue
}

/** A wait for the turn to load an entry, and the turn itself. */
class Wait implements LoadTurn {
  /** Set when it is sent. */
  number = 0
  readonly request: LoadRequest
  readonly resolve: (turn: LoadTurn | LoadedText) => void
  readonly reject: (error: unknown) => void
  readonly #sources: Sources
  readonly #over: (wait: Wait) => void

  constructor(
    request: LoadRequest,
    sources: Sources,
    settle: Pick<Wait, 'resolve' | 'reject'>,
    over: (wait: Wait) => void,
  ) {
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

/** A wait for a load that this client has entered: the owner only looks for circles. */
interface Report {
  readonly resolve?: undefined
  readonly reject: (error: unknown) => void
}

/** The turns to load that this client has and waits for. */
export class RemoteLoads {
  readonly #sources: Sources
  readonly #waits = new Map<number, Wait | Report>()
  /** The waits that have not ended. Those that are not among {@link #waits} wait until they may be sent, in order. */
  readonly #byRequest = new Map<LoadRequest, Wait>()
  readonly #queued = new Set<Wait>()
  #lastWait = randomLoadNumber()

  constructor(channel: ClientChannel, queue: RemoteQueue) {
    this.#sources = { channel, queue }
  }

  enter(request: LoadRequest): Promise<LoadTurn | LoadedText> {
    return new Promise((resolve, reject) => {
      this.#checkOpen()
      const isNext = this.#waits.size < MAX_ENTERED || request.inside !== undefined
      if (isNext) this.#checkRoom()
      const wait = new Wait(request, this.#sources, { resolve, reject }, (over) => this.#remove(over.number))
      this.#sources.channel.addAwaited(1)
      this.#byRequest.set(request, wait)
      request.giveUp = () => this.#giveUp(wait.number)
      if (isNext) this.#enter(wait)
      else this.#queued.add(wait)
    })
  }

  /** See {@link DatabaseOwner.waitInLoad}. */
  waitFor(request: LoadRequest, inside: number): WaitInLoad | undefined {
    const wait = this.#byRequest.get(request)
    if (wait === undefined) return undefined
    const number = ++this.#lastWait
    const refused = new Promise<never>((_, reject) => {
      this.#checkOpen()
      this.#checkRoom()
      // The load that waits may occupy the place that this one waits for.
      if (this.#queued.delete(wait)) this.#enter(wait)
      this.#waits.set(number, { reject })
      this.#sources.channel.addAwaited(1)
      this.#sources.channel.notify(clientOp.waitInLoad, number, wait.number, inside)
    })
    return { refused, giveUp: () => this.#giveUp(number) }
  }

  /** @returns whether the operation is about loads. */
  read(op: number, reader: Reader): boolean {
    const isError = op === ownerOp.loadFailed || op === ownerOp.loadRefused
    if (!isError && op !== ownerOp.turn && op !== ownerOp.loaded && op !== ownerOp.overtaken) return false
    const number = reader.count()
    const wait = this.#waits.get(number)
    const text = isError || op === ownerOp.loaded ? reader.text() : ''
    if (op === ownerOp.overtaken) {
      // A load that has ended here may still be overtaken at the owner.
      if (wait instanceof Wait) wait.request.overtaken()
    } else if (wait === undefined) throw new MalformedMessage(`nothing waits for the answer ${number}`)
    else if (isError) {
      const { error } = readError(text)
      wait.reject(op === ownerOp.loadFailed ? error : new LoadRefusal(error as PersistenceError))
      this.#remove(number)
    } else if (wait instanceof Wait && op === ownerOp.turn) wait.resolve(wait)
    else {
      wait.resolve?.(new LoadedText(text))
      this.#remove(number)
    }
    return true
  }

  ended(reason: string): void {
    const waits = [...this.#waits.values(), ...this.#queued]
    this.#waits.clear()
    this.#queued.clear()
    this.#byRequest.clear()
    for (const wait of waits) wait.reject(DisconnectedError.of('cache.getOrSet', 'none', reason))
  }

  #checkOpen(): void {
    const { closeReason } = this.#sources.channel
    if (closeReason !== undefined) throw DisconnectedError.of('cache.getOrSet', 'none', closeReason)
  }

  #checkRoom(): void {
    const { size } = this.#waits
    if (size < MAX_WAITS) return
    const problem = `${size} loads wait; await some first`
    throw new LoadRefusal(new PersistenceError('QUEUE_FULL', 'cache.getOrSet', `cache.getOrSet: ${problem}`))
  }

  #enter(wait: Wait): void {
    const { entry, key, inside = 0, number } = wait.request
    // One number over all levels: a client of this connection may ask from inside the load through another connection.
    wait.number = number === undefined || this.#waits.has(number) ? ++this.#lastWait : number
    this.#waits.set(wait.number, wait)
    this.#sources.channel.notify(clientOp.enterLoad, wait.number, entry, key, inside)
  }

  /** The owner ignores that for a wait that has ended. */
  #giveUp(number: number): void {
    this.#sources.channel.notify(clientOp.giveUpWait, number)
  }

  #remove(number: number): void {
    const wait = this.#waits.get(number)
    if (wait === undefined) return
    this.#waits.delete(number)
    if (wait instanceof Wait) this.#byRequest.delete(wait.request)
    this.#sources.channel.addAwaited(-1)
    if (this.#queued.size === 0 || this.#waits.size >= MAX_ENTERED) return
    for (const next of this.#queued) {
      this.#queued.delete(next)
      this.#enter(next)
      return
    }
  }
}
