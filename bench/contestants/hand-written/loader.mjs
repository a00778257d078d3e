/**
 * Has what is called before the next microtask go as one batch, and gives each caller a promise of its own.
 *
 * @param {(items: unknown[], shared?: unknown) => Promise<unknown[] | void>} batch gives a result for each item, or none
 * @returns {(item: unknown, shared?: unknown) => Promise<any>}
 */
export function loader(batch) {
  let open
  return (item, shared) =>
    new Promise((resolve, reject) => {
      if (open === undefined || open.shared !== shared) {
        const mine = { shared, items: [], callers: [] }
        open = mine
        queueMicrotask(() => {
          if (open === mine) open = undefined
          void send(batch, mine)
        })
      }
      open.items.push(item)
      open.callers.push({ resolve, reject })
    })
}

async function send(batch, { items, shared, callers }) {
  try {
    const results = await batch(items, shared)
    for (let at = 0; at < callers.length; at++) callers[at].resolve(results?.[at])
  } catch (error) {
    for (const { reject } of callers) reject(error)
  }
}
