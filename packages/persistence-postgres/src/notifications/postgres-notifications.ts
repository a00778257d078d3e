import { type ChangeNotifications, type NotificationTopic, systemClock } from '@go-go-scope/persistence-core/dialect'
import { toldText } from '../sql/told.js'
import { within } from '../wire/deadline.js'
import type { Listener } from '../wire/wire.js'

/** Listens on a channel, and settles when that has begun. @returns ends it. */
export type Listen = (channel: string, listener: Listener) => Promise<() => Promise<void>>

/** What notifications need of the connection that they belong to. */
export interface NotificationsContext {
  readonly listen: Listen
  /** Sends a notification on another connection than the one that listens. */
  readonly tell: (channel: string, text: string) => Promise<unknown>
  /** Called with failures, which no caller awaits. */
  readonly failed: (error: unknown) => void
}

// How long the first caller waits for notifications to become active. They may become active later.
const BEGINNING_MS = 250
// A new connection costs the server more than one that is idle for a moment.
const LINGER_MS = 2_000
const CHECK_MS = 30_000
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000

/**
 * Listens while there are subscriptions, on a connection of its own. A notification may be lost on the way: a pooler swallows it,
 * or the connection ends or falls silent. So notifications count as active only once one of its own has come back, and it sends
 * another from time to time. Where one may have been lost, all listeners are called.
 */
export class PostgresNotifications implements ChangeNotifications {
  active = false
  readonly #channel: string
  readonly #context: NotificationsContext
  readonly #followers = new Map<string, Set<{ listener: () => void }>>()
  /** The text that it sends itself. No other connection sends the same. */
  readonly #check: string
  #begun: Promise<void> | undefined
  #subscription: { stop(): Promise<void> } | undefined
  #checked: (() => void) | undefined
  #cancelTimer: (() => void) | undefined
  #failures = 0
  #ended = false

  /** @param channel At most 63 bytes. @param name Unique among all connections. */
  constructor(channel: string, name: string, context: NotificationsContext) {
    this.#channel = channel
    this.#check = `check ${name}`
    this.#context = context
  }

  /** Whether there are subscriptions. */
  get wanted(): boolean {
    return this.#followers.size > 0
  }

  subscribe(about: NotificationTopic, key: string, listener: () => void): () => void {
    const topic = toldText(about, key)
    const followers = this.#followers.get(topic) ?? new Set()
    this.#followers.set(topic, followers)
    const follower = { listener }
    followers.add(follower)
    this.#begun ??= this.#begin()
    return () => {
      followers.delete(follower)
      if (followers.size > 0 || this.#followers.get(topic) !== followers) return
      this.#followers.delete(topic)
      if (!this.wanted) this.#in(LINGER_MS, () => this.#leave())
    }
  }

  settled(): Promise<void> {
    if (this.active) return Promise.resolve()
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
        notified: (text) => this.#receive(text),
        reconnected: () => this.#notifyAll(),
        ended: () => void this.#lost(),
      })
      if (this.#ended) return await stop()
      const subscription = { stop }
      this.#subscription = subscription
      const active = await this.#comesBack()
      if (this.#subscription !== subscription) return
      this.active = active
      this.#failures = 0
      // A caller that did not wait until now polls, and is called once.
      if (this.active && systemClock.monotonic() - began > BEGINNING_MS) this.#notifyAll()
      this.#in(CHECK_MS, () => this.#look())
    } catch (error) {
      if (this.#ended) return
      this.#context.failed(error)
      await this.#lost()
    }
  }

  /** Whether its own text comes back. Another connection sends it, because a pooler passes on what a session sends itself. */
  async #comesBack(): Promise<boolean> {
    const back = new Promise<boolean>((resolve) => {
      this.#checked = () => resolve(true)
    })
    await this.#context.tell(this.#channel, this.#check)
    return within(BEGINNING_MS * 4, back, async () => false)
  }

  /** Checks whether notifications are active, still or by now. */
  async #look(): Promise<void> {
    if (!this.wanted) return this.#leave()
    const before = this.active
    try {
      this.active = await this.#comesBack()
    } catch {
      // The server cannot be asked now. The next check finds out.
      this.active = false
    }
    if (before && !this.active) return this.#lost()
    if (this.active && !before) this.#notifyAll()
    this.#in(CHECK_MS, () => this.#look())
  }

  #receive(text: string): void {
    if (text === this.#check) this.#checked?.()
    for (const { listener } of [...(this.#followers.get(text) ?? [])]) listener()
  }

  #notifyAll(): void {
    for (const followers of [...this.#followers.values()]) for (const { listener } of [...followers]) listener()
  }

  /** The connection that listened is gone. Another one is made after a pause, while there are subscriptions. */
  async #lost(): Promise<void> {
    if (this.#ended) return
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    this.#notifyAll()
    // It is broken, so ending it may fail too.
    await subscription?.stop().catch(() => undefined)
    const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** this.#failures++)
    this.#in(pause, async () => {
      this.#begun = this.wanted ? this.#begin() : undefined
      await this.#begun
      if (this.active) this.#notifyAll()
    })
  }

  async #leave(): Promise<void> {
    if (this.wanted && !this.#ended) return this.#in(CHECK_MS, () => this.#look())
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    this.#begun = undefined
    await subscription?.stop().catch((error: unknown) => this.#context.failed(error))
  }

  /** One timer, which keeps no process alive: what is due next takes the place of what was. */
  #in(delay: number, run: () => Promise<void>): void {
    this.#cancelTimer?.()
    if (!this.#ended) this.#cancelTimer = systemClock.setTimer(() => void run(), delay)
  }
}
