// The orders that the app stores. Each order is charged once, and its receipt is stored under its number.
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'

type Orders = Pick<SQLiteAdapter, 'idempotency'>

export function storeOrder({ idempotency }: Orders, number: number): Promise<void> {
  return idempotency.set(`order:${number}`, { receipt: `R-${number}` })
}

/** Returns the numbers from `first` to `last` that have no receipt. */
export async function missingOrders({ idempotency }: Orders, first: number, last: number): Promise<number[]> {
  const missing = []
  for (let number = first; number <= last; number++) {
    if ((await idempotency.get(`order:${number}`)) === null) missing.push(number)
  }
  return missing
}
