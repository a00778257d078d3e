const TIMER_MS = 5

/**
 * Notes how late timers fire, as those would have been that were due meanwhile.
 *
 * @param {number[]} late takes ms, one number for each timer
 * @param {number[]} [own] takes for how much of that this thread's own work can stand, ms of the processor's time: where it
 *   worked for less since the timer before, it waited for a core. Not on Node 20 and 22, which do not tell.
 * @returns the interval, to be cleared
 */
export function watchTimers(late, own) {
  let due = performance.now() + TIMER_MS
  let before = own && process.threadCpuUsage()
  return setInterval(() => {
    const now = performance.now()
    const worked = own && msOf(process.threadCpuUsage(before))
    for (let wait = Math.max(0, now - due); ; wait -= TIMER_MS) {
      late.push(wait)
      own?.push(Math.min(wait, worked))
      if (wait <= TIMER_MS) break
    }
    before = own && process.threadCpuUsage()
    due = now + TIMER_MS
  }, TIMER_MS)
}

const msOf = ({ user, system }) => (user + system) / 1_000
