const TIMER_MS = 5

/**
 * Notes how late timers fire, as those would have been that were due meanwhile.
 *
 * @param {number[]} late takes ms, one number for each timer
 * @returns the interval, to be cleared
 */
export function watchTimers(late) {
  let due = performance.now() + TIMER_MS
  return setInterval(() => {
    const now = performance.now()
    for (let wait = Math.max(0, now - due); ; wait -= TIMER_MS) {
      late.push(wait)
      if (wait <= TIMER_MS) break
    }
    due = now + TIMER_MS
  }, TIMER_MS)
}
