// What the app stores: an order is charged once, and its receipt is kept under its number.

/** @typedef {import('@go-go-scope/persistence-sqlite-node').SQLiteAdapter} Persistence */

/**
 * @param {Persistence} persistence
 * @param {number} number
 */
export function storeOrder(persistence, number) {
  return persistence.idempotency.set(`order:${number}`, { receipt: `R-${number}` })
}

/**
 * The numbers from `first` to `last` of which there is no receipt.
 *
 * @param {Pick<Persistence, 'idempotency'>} persistence
 * @param {number} first
 * @param {number} last
 */
export async function missingOrders(persistence, first, last) {
  const missing = []
  for (let number = first; number <= last; number++) {
    if ((await persistence.idempotency.get(`order:${number}`)) === null) missing.push(number)
  }
  return missing
}
