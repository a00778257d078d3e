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

// How long a caller waits for notifications to become active. They may become active later.
const BEGINNING_MS = 250
const COMES_BACK_MS = 1_000
// A new connection costs the server more than one that is idle for a moment.
const LINGER_MS = 2_000
const CHECK_MS = 30_000
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const NEVER = Number.POSITIVE_INFINITY

/**
 * Listens while there are subscriptions, on a connection of its own. A notification may be lost on the way: a pooler swallows it,
 * or the connection ends or falls silent. So notifications count as active only once one of its own has come back, and it sends
 * another from time to time. Where one may have been lost, all listeners are called.
 *
 * It goes on in steps, one at a time: it begins to listen, checks, or ends the listening. Each says when the next is due.
 */
export class PostgresNotifications implements ChangeNotifications {
  active = false
  readonly #channel: string
  readonly #context: NotificationsContext
  readonly #followers = new Map<string, Set<{ listener: () => void }>>()
  /** The text that it sends itself. No other connection sends the same. */
  readonly #check: string
  #subscription: { stop(): Promise<void> } | undefined
  #stepping = false
  /** Monotonic ms at which the next step is due. */
  #due = NEVER
  #cancelTimer: (() => void) | undefined
  #settled: Promise<void> = Promise.resolve()
  #checked: (() => void) | undefined
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
    this.#beginOnce()
    return () => {
      followers.delete(follower)
      if (followers.size > 0 || this.#followers.get(topic) !== followers) return
      this.#followers.delete(topic)
      if (!this.wanted) this.#stepWithin(LINGER_MS)
    }
  }

  settled(): Promise<void> {
    return this.active ? Promise.resolve() : this.#settled
  }

  /** Listens no more. */
  async end(): Promise<void> {
    this.#ended = true
    this.#cancelTimer?.()
    await this.#settled
    await this.#stop()
  }

  /** Unless it listens, is about to, or pauses. */
  #beginOnce(): void {
    if (this.#ended || this.#stepping || this.#subscription !== undefined || this.#due !== NEVER) return
    // One limit for all who wait: the connection may be one that the app's pool never gives.
    this.#settled = within<void>(BEGINNING_MS, this.#step(), async () => undefined)
  }

  /** Never rejects. */
  async #step(): Promise<void> {
    if (this.#stepping) return
    this.#stepping = true
    if (!this.wanted) await this.#stop()
    else if (this.#subscription === undefined) await this.#begin()
    else await this.#checkAgain()
    this.#stepping = false
    if (this.wanted) this.#stepWithin(this.#subscription === undefined ? this.#pause : CHECK_MS)
    else if (this.#subscription !== undefined) this.#stepWithin(LINGER_MS)
  }

  /** Listens by a new connection. */
  async #begin(): Promise<void> {
    const began = systemClock.monotonic()
    let over = false
    try {
      const stop = await this.#context.listen(this.#channel, {
        notified: (text) => this.#receive(text),
        reconnected: () => this.#notifyAll(),
        ended: () => {
          over = true
          this.#lose()
        },
      })
      // It may have ended before the listening was told to have begun.
      if (this.#ended || over) return await stop()
      const subscription = { stop }
      this.#subscription = subscription
      const active = await this.#comesBack()
      if (this.#subscription !== subscription) return
      this.active = active
      // A caller that does not wait any more polls, and is called once.
      if (active && (this.#failures > 0 || systemClock.monotonic() - began > BEGINNING_MS)) this.#notifyAll()
      this.#failures = 0
    } catch (error) {
      if (!this.#ended) this.#context.failed(error)
      this.#lose()
    }
  }

  /** Checks whether notifications are active, still or by now. */
  async #checkAgain(): Promise<void> {
    const before = this.active
    // Where the server cannot be asked now, the next check finds out.
    const active = await this.#comesBack().catch(() => false)
    if (this.#subscription === undefined) return
    this.active = active
    if (before && !active) this.#lose()
    else if (active && !before) this.#notifyAll()
  }

  /** Whether its own text comes back. Another connection sends it, because a pooler passes on what a session sends itself. */
  async #comesBack(): Promise<boolean> {
    const back = new Promise<boolean>((resolve) => {
      this.#checked = () => resolve(true)
    })
    await this.#context.tell(this.#channel, this.#check)
    return within(COMES_BACK_MS, back, async () => false)
  }

  #receive(text: string): void {
    if (text === this.#check) this.#checked?.()
    for (const { listener } of [...(this.#followers.get(text) ?? [])]) listener()
  }

  #notifyAll(): void {
    for (const followers of [...this.#followers.values()]) for (const { listener } of [...followers]) listener()
  }

  /** The connection that listened is gone, or none came. Another one is made after a pause, while there are subscriptions. */
  #lose(): void {
    if (this.#ended) return
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    this.#failures++
    this.#notifyAll()
    // It is broken, so ending it may fail too.
    void subscription?.stop().catch(() => undefined)
    this.#stepWithin(this.#pause)
  }

  /** ms from the last failure to the next try. */
  get #pause(): number {
    return Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (this.#failures - 1))
  }

  async #stop(): Promise<void> {
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    await subscription?.stop().catch((error: unknown) => this.#context.failed(error))
  }

  /** One timer, which keeps no process alive. A step that is due earlier stays. */
  #stepWithin(delay: number): void {
    const at = systemClock.monotonic() + delay
    if (this.#ended || at >= this.#due) return
    this.#cancelTimer?.()
    this.#due = at
    this.#cancelTimer = systemClock.setTimer(() => {
      this.#due = NEVER
      void this.#step()
    }, delay)
  }
}
