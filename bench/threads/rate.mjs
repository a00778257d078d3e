/**
 * Makes calls for `duration`, with `inFlight` at a time: each starts as soon as an earlier one has settled.
 *
 * @param {(index: number) => unknown} call
 * @param {{ inFlight: number, duration: number }} how `duration` in ms
 * @returns the number of calls, and the ms they took
 */
export async function rateOf(call, { inFlight, duration }) {
  const began = performance.now()
  const end = began + duration
  let made = 0
  const lane = async (from) => {
    for (let index = from; performance.now() < end; index += inFlight) {
      await call(index)
      made++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, from) => lane(from)))
  return { made, ms: performance.now() - began }
}

/** Returns calls per second. @param {{ made: number, ms: number }[]} all of the clients that ran at the same time */
export const perSecond = (all) => all.reduce((sum, { made, ms }) => sum + (made * 1_000) / ms, 0)
