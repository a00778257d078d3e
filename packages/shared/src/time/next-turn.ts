/** Settles in a later turn of the event loop, after timers and I/O had theirs. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
