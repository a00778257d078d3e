// The minimum cost of a call: its message is sent, a message as long as an answer comes back, and a promise settles.
const WORDS = {
  get: { asked: ['cache:k000'], each: ['1000000000'] },
  set: { asked: ['cache:k000', '1000000000', null], each: [] },
  acquire: { asked: ['', 'l0-000', 60_000, null], each: [12_345, 60_000] },
  release: { asked: [12_345], each: [1] },
}

/**
 * The calls of a client whose parent only echoes: the calls of a turn are one message, and so are their answers.
 *
 * @param {(message: object) => void} send
 * @param {(hear: (message: object) => void) => void} listen
 */
export function echoCalls(send, listen) {
  let waiting = []
  let next = 0
  let out = []
  listen(({ echo }) => {
    if (echo === undefined) return
    for (let left = echo[0]; left > 0; left--) waiting[next++]()
    if (next < waiting.length) return
    waiting = []
    next = 0
  })
  const ask = ({ asked, each }) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (out.length === 0) {
        out.push(0)
        queueMicrotask(() => {
          send({ echo: out, each })
          out = []
        })
      }
      out[0]++
      out.push(...asked)
    })
  return {
    get: () => ask(WORDS.get),
    set: () => ask(WORDS.set),
    lock: async () => {
      await ask(WORDS.acquire)
      await ask(WORDS.release)
    },
  }
}

/** Makes the parent of such clients send a message as long as an answer for each call. */
export function echoTo(users) {
  for (const { peer } of users) {
    peer.on('message', ({ echo, each }) => {
      if (echo === undefined) return
      const answers = [echo[0]]
      for (let left = echo[0]; left > 0; left--) answers.push(...each)
      const message = { echo: answers }
      if (peer.postMessage === undefined) peer.send(message)
      else peer.postMessage(message)
    })
  }
}
