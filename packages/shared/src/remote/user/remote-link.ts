import type { OwnerContext } from '../../connection/database-owner.js'
import { DisconnectedError } from '../../errors/disconnected-error.js'
import type { PersistenceError } from '../../errors/persistence-error.js'
import { inMicrotask } from '../../time/clock.js'
import { AnswerReader } from '../wire/answer-reader.js'
import type { Channel } from '../wire/channel.js'
import { PacedSending } from '../wire/paced-sending.js'
import { type Item, say, tell } from '../wire/protocol.js'
import { Reader } from '../wire/reader.js'
import { Run } from '../wire/run.js'
import { readError } from '../wire/wire-error.js'
import { DeclaredStatements } from './declared-statements.js'
import type { Request } from './request.js'
import { RequestWindow } from './request-window.js'

/** Takes what the owner sends besides answers. */
export interface PushListener {
  /** @returns whether the word begins something that this takes. @throws MalformedMessage */
  read(word: number, reader: Reader): boolean
  /** Nothing comes any more. */
  ended(reason: string): void
}

/**
 * The end of a user of the database. It sends the requests of one turn as one message, and no more at a time than the owner
 * takes; the rest waits here.
 *
 * It is open, then closing, when one of the two ends has said that it leaves, then over. Every request is settled once.
 */
export class RemoteLink {
  readonly #channel: Channel
  readonly #sending: PacedSending<Item[]>
  readonly #pushes: PushListener
  #lose: OwnerContext['lose']
  readonly #answers: AnswerReader
  readonly #requests: RequestWindow
  readonly statements: DeclaredStatements = new DeclaredStatements()
  /** Calls of one statement at the end of what is written. */
  readonly run: Run = new Run()
  #out: Item[] = []
  #flushing = false
  /** Requests that callers await, and what else keeps the process alive. */
  #awaited = 0
  #alive = false
  /** Why nothing is sent any more. */
  #closed: string | undefined
  #over = false
  #atEnd: (() => void)[] = []
  #atIdle: (() => void)[] = []

  /** @param channel Through which the owner has taken this user in. */
  constructor(channel: Channel, { diagnostics, lose }: OwnerContext, pushes: PushListener) {
    this.#channel = channel
    this.#sending = new PacedSending((message) => {
      if (!this.#over) channel.send(message)
    })
    this.#requests = new RequestWindow(diagnostics)
    this.#lose = lose
    this.#pushes = pushes
    this.#answers = new AnswerReader({
      answered: (number, answer) => this.#take(number).settle(answer),
      refused: (number, error, unmet) => this.#take(number).reject(error, unmet),
      pieceCame: (number) => {
        this.say(say.more, number)
        return this.#requests.sent(number).take
      },
    })
  }

  /** Goes on for another connection, when the one before has nothing under way any more. */
  use({ diagnostics, lose }: OwnerContext): void {
    this.#lose = lose
    this.#requests.use(diagnostics)
  }

  /** The number of the request that is written next. */
  get nextRequest(): number {
    return this.#requests.next
  }

  get waiting(): number {
    return this.#requests.waiting
  }

  get idle(): boolean {
    return this.#requests.idle
  }

  /** Why requests do not reach the owner; `undefined` while they do. */
  get closed(): string | undefined {
    return this.#closed
  }

  drain(): Promise<void> {
    if (this.idle) return Promise.resolve()
    // Also where nobody awaits what is under way: who drains awaits it.
    this.awaited(1)
    return new Promise((resolve) => this.#atIdle.push(resolve))
  }

  ask(request: Request): void {
    if (this.#closed !== undefined) {
      request.reject(DisconnectedError.of(request.name, 'none', this.#closed))
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
    this.awaited(request.awaited ? 1 : 0)
  }

  /** Says what gets no answer. */
  say(...items: Item[]): void {
    if (this.#over) return
    this.#out.push(...items)
    this.#flushLater()
  }

  /** Counts what the process must stay alive for. */
  awaited(change: number): void {
    this.#awaited += change
    if (this.#alive === this.#awaited > 0) return
    this.#alive = this.#awaited > 0
    this.#channel.keepAlive(this.#alive)
  }

  /** Takes leave of the owner, once nothing is under way, and ends the channel. Never rejects. */
  async close(): Promise<void> {
    if (this.#over) return
    this.#closed ??= 'the adapter is disconnected'
    const reason = this.#closed
    await this.drain()
    if (this.#over) return
    // Before the owner is told, which gives to others then what was held here: the signals have aborted by then.
    this.#pushes.ended(reason)
    this.say(say.bye)
    this.awaited(1)
    await new Promise<void>((resolve) => this.#atEnd.push(resolve))
  }

  message(message: unknown): void {
    if (this.#over) return
    try {
      const reader = new Reader(message)
      while (reader.more && !this.#over) this.#read(reader)
    } catch (error) {
      this.#end(`the owner sent what cannot be read (${(error as Error).message})`, true)
      return
    }
    for (let next = this.#requests.takeNext(); next !== undefined; next = this.#requests.takeNext()) this.#send(next)
    if (this.idle) this.#signalIdle()
  }

  /**
   * Nothing comes any more: what is pending fails, what a caller asks next fails at once. The channel is free for the next
   * connection, which who was told so may make before it disconnects this one.
   */
  end(reason: string): void {
    this.#end(reason, false)
  }

  /** @param told Whether the owner is told, which else had this user for ever. It gives to others then what was held here. */
  #end(reason: string, told: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#closed ??= reason
    const sent = this.#requests.takeSent()
    // Before the callers go on: the signals of what they hold have aborted by then.
    this.#pushes.ended(reason)
    for (const request of sent) {
      request.reject(DisconnectedError.of(request.name, request.writes ? 'unknown' : 'none', reason))
    }
    this.#refuseWaiting(reason)
    this.awaited(-this.#awaited)
    this.#signalIdle()
    for (const ended of this.#atEnd.splice(0)) ended()
    if (told) this.#channel.send([say.bye])
    this.#channel.close()
  }

  #read(reader: Reader): void {
    const word = reader.count()
    if (this.#answers.read(word, reader)) return
    if (word === tell.closing) {
      this.#closed ??= 'the owner of the database has closed the connection'
      this.#refuseWaiting(this.#closed)
    } else if (word === tell.refuse) {
      reader.text()
      this.#end(readError(reader.text()).error.message, true)
    } else if (word === tell.mark) {
      this.say(say.taken)
    } else if (word === tell.lost) {
      this.#lose(readError(reader.text()).error as PersistenceError)
    } else if (word === tell.goodbye) {
      this.#end(this.#closed ?? 'the owner of the database has closed the connection', true)
    } else if (!this.#pushes.read(word, reader)) {
      throw new Error(`there is no word ${word}`)
    }
  }

  #signalIdle(): void {
    const draining = this.#atIdle.splice(0)
    if (!this.#over) this.awaited(-draining.length)
    for (const idle of draining) idle()
  }

  /** A message has the requests of many callers. */
  readonly #cannotSend = (error: unknown): void => {
    this.#end(`the owner cannot be sent what was asked (${(error as Error).message})`, true)
  }

  #take(number: number): Request {
    const request = this.#requests.answered(number)
    if (request.awaited) this.awaited(-1)
    return request
  }

  #send(request: Request): void {
    request.write(this.#out)
    this.#requests.send(request)
    this.#flushLater()
  }

  #refuseWaiting(reason: string): void {
    for (const request of this.#requests.takeWaiting()) {
      if (request.awaited) this.awaited(-1)
      request.reject(DisconnectedError.of(request.name, 'none', reason))
    }
  }

  /** One microtask later: callers of the same turn, and those who continue after the same answers, find each other. */
  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    inMicrotask(() => {
      this.#flushing = false
      const message = this.#out
      this.#out = []
      this.#sending.send(message, this.#cannotSend)
    })
  }
}
