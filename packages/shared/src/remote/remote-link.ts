import type { OwnerContext } from '../connection/database-owner.js'
import { DisconnectedError } from '../errors/disconnected-error.js'
import type { PersistenceError } from '../errors/persistence-error.js'
import { Backlog } from '../queue/backlog.js'
import type { Statement } from '../queue/statement.js'
import { AnswerReader } from './answer-reader.js'
import type { Channel } from './channel.js'
import { type Item, say, tell, WINDOW } from './protocol.js'
import { Reader } from './reader.js'
import type { Request } from './requests.js'
import { readError } from './wire-error.js'
import { contentOf, writeStatement } from './wire-statement.js'

/** What the owner tells besides answers. */
export interface NewsListener {
  /** @returns whether the word begins a piece of news. @throws MalformedMessage */
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
  #backlog: Backlog<Request>
  readonly #news: NewsListener
  #lose: OwnerContext['lose']
  readonly #answers: AnswerReader
  readonly #numbers = new WeakMap<Statement, number>()
  readonly #declared = new Map<string, number>()
  /** Sent and not answered, by number. */
  readonly #pending = new Map<number, Request>()
  #lastRequest = 0
  #units = 0
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
  constructor(channel: Channel, { diagnostics, lose }: OwnerContext, news: NewsListener) {
    this.#channel = channel
    this.#backlog = new Backlog(diagnostics)
    this.#lose = lose
    this.#news = news
    this.#answers = new AnswerReader({
      answered: (number, answer) => this.#take(number).settle(answer),
      refused: (number, error, unmet) => this.#take(number).reject(error, unmet),
      pieceCame: (number) => this.say(say.more, number),
    })
  }

  /** Goes on for another connection, when the one before has nothing under way any more. */
  use({ diagnostics, lose }: OwnerContext): void {
    this.#lose = lose
    if (this.#backlog.length === 0) this.#backlog = new Backlog(diagnostics)
  }

  get waiting(): number {
    return this.#backlog.length
  }

  get idle(): boolean {
    return this.#pending.size === 0 && this.#backlog.length === 0
  }

  /** Whether requests reach the owner. */
  get open(): boolean {
    return this.#closed === undefined
  }

  drain(): Promise<void> {
    return this.idle ? Promise.resolve() : new Promise((resolve) => this.#atIdle.push(resolve))
  }

  ask(request: Request): void {
    if (this.#closed !== undefined) {
      request.reject(DisconnectedError.of(request.name, 'none', this.#closed))
      return
    }
    if (this.#backlog.length > 0 || !this.#hasRoom(request)) this.#wait(request)
    else this.#send(request)
    this.awaited(request.awaited ? 1 : 0)
  }

  /** Says what gets no answer. */
  say(...items: Item[]): void {
    if (this.#over) return
    this.#out.push(...items)
    this.#flushLater()
  }

  /** @returns the number by which calls of the statement name it. */
  declare(statement: Statement): number {
    const known = this.#numbers.get(statement)
    if (known !== undefined) return known
    // Sessions make statements of the same content anew.
    const content = contentOf(statement)
    let number = this.#declared.get(content)
    if (number === undefined) {
      number = this.#declared.size
      this.#declared.set(content, number)
      this.#out.push(say.declare, number)
      writeStatement(this.#out, statement)
    }
    this.#numbers.set(statement, number)
    return number
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
    if (!this.#over) {
      const reason = 'the adapter is disconnected'
      this.#closed ??= reason
      this.say(say.bye)
      this.awaited(1)
      await new Promise<void>((resolve) => this.#atEnd.push(resolve))
    }
    this.#channel.close()
  }

  message(message: unknown): void {
    if (this.#over) return
    try {
      const reader = new Reader(message)
      while (reader.more && !this.#over) this.#read(reader)
    } catch (error) {
      this.end(`the owner sent what cannot be read (${(error as Error).message})`)
      this.#channel.close()
      return
    }
    this.#sendWaiting()
    if (this.idle) this.#signalIdle()
  }

  /** Nothing comes any more: what is pending fails, what a caller asks next fails at once. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#closed ??= reason
    const sent = [...this.#pending.values()]
    this.#pending.clear()
    this.#units = 0
    // Before the callers go on: the signals of what they hold have aborted by then.
    this.#news.ended(reason)
    for (const request of sent) {
      request.reject(DisconnectedError.of(request.name, request.writes ? 'unknown' : 'none', reason))
    }
    this.#refuseWaiting(reason)
    this.awaited(-this.#awaited)
    this.#signalIdle()
    for (const ended of this.#atEnd.splice(0)) ended()
  }

  #read(reader: Reader): void {
    const word = reader.count()
    if (this.#answers.read(word, reader)) return
    if (word === tell.closing) {
      this.#closed ??= 'the owner of the database has closed the connection'
      this.#refuseWaiting(this.#closed)
    } else if (word === tell.refuse) {
      reader.text()
      this.end(readError(reader.text()).error.message)
      this.#channel.close()
    } else if (word === tell.mark) {
      this.say(say.taken)
    } else if (word === tell.lost) {
      this.#lose(readError(reader.text()).error as PersistenceError)
    } else if (word === tell.goodbye) {
      this.end(this.#closed ?? 'the owner of the database has closed the connection')
    } else if (!this.#news.read(word, reader)) {
      throw new Error(`there is no word ${word}`)
    }
  }

  #signalIdle(): void {
    for (const idle of this.#atIdle.splice(0)) idle()
  }

  #take(number: number): Request {
    const request = this.#pending.get(number)
    if (request === undefined) throw new Error(`nothing waits for the answer ${number}`)
    this.#pending.delete(number)
    this.#units -= request.units
    if (request.awaited) this.awaited(-1)
    return request
  }

  #hasRoom({ units }: Request): boolean {
    const { size } = this.#pending
    return size === 0 || (size < WINDOW.calls && this.#units + units <= WINDOW.units)
  }

  #wait(request: Request): void {
    try {
      this.#backlog.push(request)
    } catch (error) {
      this.awaited(request.awaited ? -1 : 0)
      request.reject(error)
    }
  }

  #send(request: Request): void {
    request.write(this.#out)
    this.#pending.set(++this.#lastRequest, request)
    this.#units += request.units
    this.#flushLater()
  }

  #sendWaiting(): void {
    for (let next = this.#backlog.peek(); next !== undefined && this.#hasRoom(next); next = this.#backlog.peek()) {
      this.#backlog.take(1)
      this.#send(next)
    }
  }

  #refuseWaiting(reason: string): void {
    for (const request of this.#backlog.take(this.#backlog.length)) {
      if (request.awaited) this.awaited(-1)
      request.reject(DisconnectedError.of(request.name, 'none', reason))
    }
  }

  /** One microtask later: callers of the same turn, and those who continue after the same answers, find each other. */
  #flushLater(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      const message = this.#out
      this.#out = []
      if (!this.#over) this.#channel.send(message)
    })
  }
}
