import { readFile } from 'node:fs/promises'

/** The longest that this process was kept from its work, in ms. */
export interface Held {
  /** Between two runs of a timer that is due every few ms. */
  eventLoop: number
  /** For one small read of the file system, which goes through the thread pool. */
  fileRead: number
}

const TIMER_MS = 5

/** Watches this process until `stop` is called, which gives what was seen. */
export function watchProcess(file: string): { stop(): Promise<Held> } {
  const held: Held = { eventLoop: 0, fileRead: 0 }
  let watching = true
  let before = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    held.eventLoop = Math.max(held.eventLoop, now - before - TIMER_MS)
    before = now
  }, TIMER_MS)
  const reading = (async () => {
    while (watching) {
      const started = performance.now()
      await readFile(file)
      held.fileRead = Math.max(held.fileRead, performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, TIMER_MS))
    }
  })()
  return {
    async stop() {
      watching = false
      clearInterval(timer)
      await reading
      return held
    },
  }
}
