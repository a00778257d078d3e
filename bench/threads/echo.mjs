// What a call costs at the least: its words cross, words as long as an answer come back, and a promise settles.
const ACQUIRE = ['', 'l0-000', 60_000, null]
const GRANTED = [12_345, 60_000]

/**
 * The calls of a user whose parent only echoes: those of a turn go as one message, and so do their answers.
 *
 * @param {(message: object) => void} send
 * @param {(hear: (message: object) => void) => void} listen
 */
export function echoCalls(send, listen) {
  const waiting = []
  let next = 0
  let out = []
  listen(({ echo }) => {
    if (echo === undefined) return
    for (let left = echo[0]; left > 0; left--) waiting[next++]()
    if (next === waiting.length) {
      waiting.length = 0
      next = 0
    }
  })
  const ask = (words) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (out.length === 0) {
        out.push(0)
        queueMicrotask(() => {
          send({ echo: out })
          out = []
        })
      }
      out[0]++
      out.push(...words)
    })
  return {
    lock: async () => {
      await ask(ACQUIRE)
      await ask([12_345])
    },
  }
}

/** @param {object} message of a user of {@link echoCalls} @returns what its parent answers */
export function echoOf({ echo }) {
  const answer = [echo[0]]
  for (let left = echo[0]; left > 0; left--) answer.push(...GRANTED)
  return { echo: answer }
}
