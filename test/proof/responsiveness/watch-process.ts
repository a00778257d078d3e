import { readFile } from 'node:fs/promises'
import type { Waits } from './waits.js'

/** For how long this process was blocked. */
export interface Held {
  /** The delay of a timer that is due every few ms. */
  eventLoop: Waits
  /** The duration of a small file read, which uses the thread pool. */
  fileRead: Waits
}

const TIMER_MS = 5

/** Measures until `stop` is called, and adds the measurements to `held`. */
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
