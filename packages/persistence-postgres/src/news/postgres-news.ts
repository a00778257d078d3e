import { type News, type NewsAbout, systemClock } from '@go-go-scope/persistence-core/dialect'
import { toldText } from '../sql/told.js'
import { within } from '../wire/deadline.js'
import type { Ear } from '../wire/wire.js'

/** Listens on a channel, and settles when that has begun. @returns ends it. */
export type Listen = (channel: string, ear: Ear) => Promise<() => Promise<void>>

/** What news need of the connection that they belong to. */
export interface NewsContext {
  readonly listen: Listen
  /** Has the server tell `text` by another connection than the one that listens. */
  readonly tell: (channel: string, text: string) => Promise<unknown>
  /** Hears of failures: no caller awaits the news. */
  readonly failed: (error: unknown) => void
}

// How long who waits first waits for the news to begin. Where they begin later, they are heard from then on.
const BEGINNING_MS = 250
// A connection costs the server more than an ear that nobody needs for a moment.
const LINGER_MS = 2_000
const CHECK_MS = 30_000
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Listens while somebody follows a key, on a connection of its own. What the server tells may be lost on the way: a pooler
 * swallows it, a connection ends or falls silent. So it is heard only once a text of its own has come back, which is asked
 * for again now and then; and all who follow are told where something may have been missed.
 */
export class PostgresNews implements News {
  heard = false
  readonly #channel: string
  readonly #context: NewsContext
  readonly #followers = new Map<string, Set<{ told: () => void }>>()
  /** Comes back by way of the server; no other connection sends the same. */
  readonly #check: string
  #begun: Promise<void> | undefined
  #ear: { stop(): Promise<void> } | undefined
  #checked: (() => void) | undefined
  #cancelTimer: (() => void) | undefined
  #failures = 0
  #ended = false

  /** @param channel At most 63 bytes. @param name Unique among all connections. */
  constructor(channel: string, name: string, context: NewsContext) {
    this.#channel = channel
    this.#check = `check ${name}`
    this.#context = context
  }

  /** Whether somebody follows a key. */
  get wanted(): boolean {
    return this.#followers.size > 0
  }

  follow(about: NewsAbout, key: string, told: () => void): () => void {
    const topic = toldText(about, key)
    const followers = this.#followers.get(topic) ?? new Set()
    this.#followers.set(topic, followers)
    const follower = { told }
    followers.add(follower)
    this.#begun ??= this.#begin()
    return () => {
      followers.delete(follower)
      if (followers.size > 0 || this.#followers.get(topic) !== followers) return
      this.#followers.delete(topic)
      if (!this.wanted) this.#in(LINGER_MS, () => this.#leave())
    }
  }

  begun(): Promise<void> {
    if (this.heard) return Promise.resolve()
    return within<void>(BEGINNING_MS, this.#begun ?? Promise.resolve(), async () => undefined)
  }

  /** Listens no more. */
  async end(): Promise<void> {
    this.#ended = true
    this.#cancelTimer?.()
    // Not for longer: its connection may be one that the app's pool never gives.
    await within<void>(BEGINNING_MS, this.#begun ?? Promise.resolve(), async () => undefined)
    await this.#leave()
  }

  /** Never rejects. */
  async #begin(): Promise<void> {
    const began = systemClock.monotonic()
    try {
      const stop = await this.#context.listen(this.#channel, {
        heard: (text) => this.#hear(text),
        again: () => this.#tellAll(),
        ended: () => void this.#lost(),
      })
      if (this.#ended) return await stop()
      const ear = { stop }
      this.#ear = ear
      const heard = await this.#comesBack()
      if (this.#ear !== ear) return
      this.heard = heard
      this.#failures = 0
      // Who was not told in time that news are heard has gone on without them.
      if (this.heard && systemClock.monotonic() - began > BEGINNING_MS) this.#tellAll()
      this.#in(CHECK_MS, () => this.#look())
    } catch (error) {
      if (this.#ended) return
      this.#context.failed(error)
      await this.#lost()
    }
  }

  /** Whether a text comes back that is sent by another connection: a pooler passes on what a session tells itself. */
  async #comesBack(): Promise<boolean> {
    const back = new Promise<boolean>((resolve) => {
      this.#checked = () => resolve(true)
    })
    await this.#context.tell(this.#channel, this.#check)
    return within(BEGINNING_MS * 4, back, async () => false)
  }

  /** Looks whether it still hears, or by now. */
  async #look(): Promise<void> {
    if (!this.wanted) return this.#leave()
    const before = this.heard
    try {
      this.heard = await this.#comesBack()
    } catch {
      // The server cannot be asked: its callers are told, and the next look finds out.
      this.heard = false
    }
    if (before && !this.heard) return this.#lost()
    if (this.heard && !before) this.#tellAll()
    this.#in(CHECK_MS, () => this.#look())
  }

  #hear(text: string): void {
    if (text === this.#check) this.#checked?.()
    for (const { told } of [...(this.#followers.get(text) ?? [])]) told()
  }

  #tellAll(): void {
    for (const followers of [...this.#followers.values()]) for (const { told } of [...followers]) told()
  }

  /** The connection that listened is gone: another one is made after a pause, while somebody follows. */
  async #lost(): Promise<void> {
    if (this.#ended) return
    const ear = this.#ear
    this.#ear = undefined
    this.heard = false
    this.#tellAll()
    // It is broken: that it cannot be ended either is no news.
    await ear?.stop().catch(() => undefined)
    const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures++)
    this.#in(pause, async () => {
      this.#begun = this.wanted ? this.#begin() : undefined
      await this.#begun
      if (this.heard) this.#tellAll()
    })
  }

  async #leave(): Promise<void> {
    if (this.wanted && !this.#ended) return this.#in(CHECK_MS, () => this.#look())
    const ear = this.#ear
    this.#ear = undefined
    this.heard = false
    this.#begun = undefined
    await ear?.stop().catch((error: unknown) => this.#context.failed(error))
  }

  /** One timer, which keeps no process alive: what is due next takes the place of what was. */
  #in(delay: number, run: () => Promise<void>): void {
    this.#cancelTimer?.()
    if (!this.#ended) this.#cancelTimer = systemClock.setTimer(() => void run(), delay)
  }
}
