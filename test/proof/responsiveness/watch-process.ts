import { readFile } from 'node:fs/promises'
import type { Waits } from './waits.js'

/** How long this process was kept from its work. */
export interface Held {
  /** A timer that is due every few ms: how late it came. */
  eventLoop: Waits
  /** One small read of the file system, which goes through the thread pool. */
  fileRead: Waits
}

const TIMER_MS = 5

/** Watches this process until `stop` is called, which adds what was seen to `held`. */
export function watchProcess(file: string, held: Held): { stop(): Promise<void> } {
  let watching = true
  let before = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    held.eventLoop.add(Math.max(0, now - before - TIMER_MS), TIMER_MS)
    before = now
  }, TIMER_MS)
  const reading = (async () => {
    while (watching) {
      const started = performance.now()
      await readFile(file)
      held.fileRead.add(performance.now() - started, TIMER_MS)
      await new Promise((resolve) => setTimeout(resolve, TIMER_MS))
    }
  })()
  return {
    async stop() {
      watching = false
      clearInterval(timer)
      await reading
    },
  }
}
