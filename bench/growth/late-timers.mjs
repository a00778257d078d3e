const TIMER_MS = 5

/**
 * Records how late timers fire, including the timers that would have been due meanwhile.
 *
 * @param {number[]} late receives ms, one number per timer
 * @param {number[]} [own] receives the part of it that this thread's own work explains, in ms of CPU time: if the thread
 *   worked for less since the previous timer, it waited for a core. Not on Node 20 and 22, which do not report it.
 * @returns the interval, which the caller clears
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
