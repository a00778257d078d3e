import type { OwnerContext } from '../../connection/database-owner.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import { AnswerReader } from '../wire/answer-reader.js'
import type { PeerChannel } from '../wire/peer.js'
import { clientOp, type Item, ownerOp } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import { readError } from '../wire/wire-error.js'
import { MessageBatch } from './message-batch.js'
import type { Request } from './request.js'
import { RequestWindow } from './request-window.js'

/** Receives the notifications of the owner. */
export interface NotificationListener {
  /** @returns whether it handles the operation. @throws MalformedMessage */
  read(op: number, reader: Reader): boolean
  /** Nothing more will arrive. */
  ended(reason: string): void
}

/**
 * The client's end of a channel: sends requests, as many at a time as the owner accepts, and settles each once.
 *
 * A channel is open, then closing once one of the two ends has announced its end, then ended.
 */
export class ClientChannel {
  /** What is to be sent. */
  readonly batch: MessageBatch
  readonly #transport: PeerChannel
  readonly #listener: NotificationListener
  #lose: OwnerContext['lose']
  readonly #answers: AnswerReader
  readonly #requests: RequestWindow
  /** How many awaited requests and other reasons there are to keep the process alive. */
  #awaited = 0
  #alive = false
  /** Why no more requests are sent. */
  #closeReason: string | undefined
  #ended = false
  #onEnd: (() => void)[] = []
  #onIdle: (() => void)[] = []

  /** @param transport The channel on which the owner has accepted this client. */
  constructor(transport: PeerChannel, { diagnostics, lose }: OwnerContext, listener: NotificationListener) {
    this.#transport = transport
    this.batch = new MessageBatch(
      (message) => {
        if (!this.#ended) transport.send(message)
      },
      (error) => this.#end(`the requests cannot be sent to the owner (${(error as Error).message})`, true),
    )
    this.#requests = new RequestWindow(diagnostics)
    this.#lose = lose
    this.#listener = listener
    this.#answers = new AnswerReader({
      answered: (number, answer) => this.#take(number).settle(answer),
      refused: (number, error, unmet) => this.#take(number).reject(error, unmet),
      pieceCame: (number) => {
        this.notify(clientOp.more, number)
        return this.#requests.sent(number).take
      },
    })
  }

  /** Continues for another connection, after the earlier one has no pending requests. */
  use({ diagnostics, lose }: OwnerContext): void {
    this.#lose = lose
    this.#requests.use(diagnostics)
  }

  /** The number of the request that is written next. */
  get nextRequest(): number {
    return this.#requests.next
  }

  /** The number of requests that wait until the owner accepts more. */
  get waiting(): number {
    return this.#requests.waiting
  }

  get idle(): boolean {
    return this.#requests.idle
  }

  /** Why requests do not reach the owner; `undefined` while they do. */
  get closeReason(): string | undefined {
    return this.#closeReason
  }

  /** Settles when no request is pending. */
  drain(): Promise<void> {
    if (this.idle) return Promise.resolve()
    // Keeps the process alive also for requests that no caller awaits.
    this.addAwaited(1)
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }

  request(request: Request): void {
    if (this.#closeReason !== undefined) {
      request.reject(DisconnectedError.of(request.name, 'none', this.#closeReason))
      return
    }
    let isNext: boolean
    try {
      isNext = this.#requests.enter(request)
    } catch (error) {
      request.reject(error)
      return
    }
    if (isNext) this.#send(request)
    this.addAwaited(request.awaited ? 1 : 0)
  }

  /** Sends an operation that gets no answer. */
  notify(...items: Item[]): void {
    if (!this.#ended) this.batch.push(...items)
  }

  /** Adds to the number of reasons to keep the process alive. */
  addAwaited(change: number): void {
    this.#awaited += change
    if (this.#alive === this.#awaited > 0) return
    this.#alive = this.#awaited > 0
    this.#transport.keepAlive(this.#alive)
  }

  /** Ends the channel once no request is pending and the owner has confirmed. Never rejects. */
  async close(): Promise<void> {
    if (this.#ended) return
    const reason = this.#startClosing('the adapter is disconnected')
    await this.drain()
    if (this.#ended) return
    // Before `bye`, after which the owner grants the locks of this client to others: their signals must have aborted.
    this.#listener.ended(reason)
    this.notify(clientOp.bye)
    this.addAwaited(1)
    await new Promise<void>((resolve) => this.#onEnd.push(resolve))
  }

  /** Takes a message of the owner. */
  receive(message: unknown): void {
    if (this.#ended) return
    try {
      const reader = new Reader(message)
      while (reader.more && !this.#ended) this.#read(reader)
    } catch (error) {
      this.#end(`a message of the owner cannot be read (${(error as Error).message})`, true)
      return
    }
    for (let next = this.#requests.takeNext(); next !== undefined; next = this.#requests.takeNext()) this.#send(next)
    if (this.idle) this.#signalIdle()
  }

  /**
   * Ends the channel at once: pending requests fail, and so do later ones. The transport is free for the next connection, which
   * a caller may make as soon as its request has failed.
   */
  end(reason: string): void {
    this.#end(reason, false)
  }

  /** @param sendBye Whether to send `bye`, after which the owner grants the locks of this client to others. */
  #end(reason: string, sendBye: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#closeReason ??= reason
    const sent = this.#requests.takeSent()
    // Before the requests fail: when their callers continue, the signals of their locks must have aborted.
    this.#listener.ended(reason)
    for (const request of sent) {
      request.reject(DisconnectedError.of(request.name, request.writes ? 'unknown' : 'none', reason))
    }
    this.#refuseWaiting(reason)
    this.addAwaited(-this.#awaited)
    this.#signalIdle()
    for (const ended of this.#onEnd.splice(0)) ended()
    if (sendBye) this.#transport.send([clientOp.bye])
    this.#transport.close()
  }

  #read(reader: Reader): void {
    const op = reader.count()
    if (this.#answers.read(op, reader)) return
    if (op === ownerOp.closing) {
      this.#refuseWaiting(this.#startClosing(CLOSED_BY_OWNER))
    } else if (op === ownerOp.refuse) {
      // Any other nonce is that of a client which another copy of this package has at the same end.
      const isOurs = reader.text() === ''
      const { error } = readError(reader.text())
      if (isOurs) this.#end(error.message, true)
    } else if (op === ownerOp.mark) {
      this.notify(clientOp.taken)
    } else if (op === ownerOp.lost) {
      this.#lose(readError(reader.text()).error as PersistenceError)
    } else if (op === ownerOp.goodbye) {
      this.#end(this.#closeReason ?? CLOSED_BY_OWNER, true)
    } else if (!this.#listener.read(op, reader)) {
      throw new Error(`unknown operation ${op}`)
    }
  }

  #startClosing(reason: string): string {
    this.#transport.markClosing()
    this.#closeReason ??= reason
    return this.#closeReason
  }

  #signalIdle(): void {
    const draining = this.#onIdle.splice(0)
    if (!this.#ended) this.addAwaited(-draining.length)
    for (const idle of draining) idle()
  }

  #take(number: number): Request {
    const request = this.#requests.answered(number)
    if (request.awaited) this.addAwaited(-1)
    return request
  }

  #send(request: Request): void {
    this.batch.write(request)
    this.#requests.send(request)
  }

  #refuseWaiting(reason: string): void {
    for (const request of this.#requests.takeWaiting()) {
      if (request.awaited) this.addAwaited(-1)
      request.reject(DisconnectedError.of(request.name, 'none', reason))
    }
  }
}

const CLOSED_BY_OWNER = 'the owner of the database has closed the connection'
