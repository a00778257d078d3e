/**
 * Sends all calls made before the next microtask as one batch, and returns a promise to each caller.
 *
 * @param {(items: unknown[], shared?: unknown) => Promise<unknown[] | void>} batch returns a result per item, or nothing
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
