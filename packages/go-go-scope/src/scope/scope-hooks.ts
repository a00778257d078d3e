/**
 * What an app can listen to. A hook's throw or rejection is reported and changes nobody's result. The hooks of tasks
 * are not waited for, those of dispose are.
 */
export interface ScopeHooks {
  beforeTask?(name: string, index: number): void | Promise<void>
  /** @param duration ms. @param error what the result holds, `undefined` after a success. */
  afterTask?(name: string, duration: number, error: unknown, index: number): void | Promise<void>
  /** Dispose has aborted the scope. Not called when a time-out or the parent did it before. */
  onCancel?(reason: unknown): void | Promise<void>
  beforeDispose?(): void | Promise<void>
  /** After each disposer of a provided service; `index` counts them in the order they were provided, from 0. */
  onDispose?(index: number, error?: unknown): void | Promise<void>
  afterDispose?(): void | Promise<void>
  /** Something failed that has no result to go to: a hook, a listener, a timer, a store, a disposer. */
  onError?(error: unknown, source: string): void
}
