import { type ChangeNotifications, type NotificationTopic, systemClock } from '@go-go-scope/persistence-core/dialect'
import { notificationText } from '../sql/notify.js'
import { within } from '../wire/deadline.js'
import type { Listener } from '../wire/wire.js'

/** Listens on a channel. Resolves when listening has begun. @returns a function that stops listening. */
export type Listen = (channel: string, listener: Listener) => Promise<() => Promise<void>>

/** What notifications need from their adapter's connection. */
export interface NotificationsContext {
  readonly listen: Listen
  /** Sends a notification on a connection other than the listening one. */
  readonly send: (channel: string, text: string) => Promise<unknown>
  /** Called with errors that no caller awaits. */
  readonly onError: (error: unknown) => void
}

// How long a caller waits for notifications to become active. They may become active later.
const LONGEST_BEGIN_MS = 250
const CHECK_TIMEOUT_MS = 1_000
// Keeping a connection idle for a moment costs the server less than a new connection.
const LINGER_MS = 2_000
const CHECK_EVERY_MS = 30_000
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
const NEVER = Number.POSITIVE_INFINITY

/**
 * Listens on its own connection while there are subscriptions. Notifications can be lost: a pooler drops them, or the connection
 * ends or falls silent. So notifications count as active only after one that this object sent itself has come back, and it
 * sends another one periodically. When a notification may have been lost, all listeners are called.
 *
 * The work is done in steps, one at a time: begin to listen, check, or stop. Each step sets when the next one is due.
 */
export class PostgresNotifications implements ChangeNotifications {
  active = false
  readonly #channel: string
  readonly #context: NotificationsContext
  readonly #followers = new Map<string, Set<{ listener: () => void }>>()
  /** The text of its own notifications. No other connection sends the same text. */
  readonly #check: string
  #subscription: { stop(): Promise<void> } | undefined
  #stepping = false
  /** Monotonic ms at which the next step is due. */
  #due = NEVER
  #cancelTimer: (() => void) | undefined
  /** Settles when the first step is done, or callers no longer wait for it. */
  #settled: Promise<void> = Promise.resolve()
  /** Called when its own notification has come back. */
  #onCheck: (() => void) | undefined
  #failures = 0
  #ended = false

  /** @param channel At most 63 bytes. @param name Distinguishes this object from those of all other connections. */
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
    const topic = notificationText(about, key)
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

  /** Stops listening for good. */
  async end(): Promise<void> {
    this.#ended = true
    this.#cancelTimer?.()
    await this.#settled
    await this.#stop()
  }

  /** Begins to listen, unless it listens already, a step is running, or it waits for a retry. */
  #beginOnce(): void {
    if (this.#ended || this.#stepping || this.#subscription !== undefined || this.#due !== NEVER) return
    // All callers share one time limit, because the app's pool may never provide the connection.
    this.#settled = within<void>(LONGEST_BEGIN_MS, this.#step(), async () => undefined)
  }

  /** Runs the step that is due. Never rejects. */
  async #step(): Promise<void> {
    if (this.#stepping) return
    this.#stepping = true
    if (!this.wanted) await this.#stop()
    else if (this.#subscription === undefined) await this.#begin()
    else await this.#checkAgain()
    this.#stepping = false
    if (this.wanted) this.#stepWithin(this.#subscription === undefined ? this.#pause : CHECK_EVERY_MS)
    else if (this.#subscription !== undefined) this.#stepWithin(LINGER_MS)
  }

  /** Listens on a new connection. */
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
      // This object or the connection may have ended before `listen` resolved.
      if (this.#ended || over) return await stop()
      const subscription = { stop }
      this.#subscription = subscription
      const active = await this.#comesBack()
      if (this.#subscription !== subscription) return
      this.active = active
      // A caller whose wait timed out polls by now, so it is called once.
      if (active && (this.#failures > 0 || systemClock.monotonic() - began > LONGEST_BEGIN_MS)) this.#notifyAll()
      this.#failures = 0
    } catch (error) {
      if (!this.#ended) this.#context.onError(error)
      this.#lose()
    }
  }

  /** Checks again whether notifications arrive. */
  async #checkAgain(): Promise<void> {
    const before = this.active
    // If the server cannot be reached now, the next check finds out.
    const active = await this.#comesBack().catch(() => false)
    if (this.#subscription === undefined) return
    this.active = active
    if (before && !active) this.#lose()
    else if (active && !before) this.#notifyAll()
  }

  /**
   * Sends its own text and returns whether it comes back. Another connection sends it, because a pooler delivers a session's own
   * notifications even when it drops others.
   */
  async #comesBack(): Promise<boolean> {
    const back = new Promise<boolean>((resolve) => {
      this.#onCheck = () => resolve(true)
    })
    await this.#context.send(this.#channel, this.#check)
    return within(CHECK_TIMEOUT_MS, back, async () => false)
  }

  #receive(text: string): void {
    if (text === this.#check) this.#onCheck?.()
    for (const { listener } of [...(this.#followers.get(text) ?? [])]) listener()
  }

  #notifyAll(): void {
    for (const followers of [...this.#followers.values()]) for (const { listener } of [...followers]) listener()
  }

  /** Handles a lost or failed connection. While there are subscriptions, a new one is made after a pause. */
  #lose(): void {
    if (this.#ended) return
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    this.#failures++
    this.#notifyAll()
    // The connection is broken, so ending it may fail too.
    void subscription?.stop().catch(() => undefined)
    this.#stepWithin(this.#pause)
  }

  /** The delay from the last failure to the next try, in ms. */
  get #pause(): number {
    return Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (this.#failures - 1))
  }

  async #stop(): Promise<void> {
    const subscription = this.#subscription
    this.#subscription = undefined
    this.active = false
    await subscription?.stop().catch((error: unknown) => this.#context.onError(error))
  }

  /** Schedules a step in `delay` ms, unless one is due earlier. The timer does not keep the process alive. */
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
