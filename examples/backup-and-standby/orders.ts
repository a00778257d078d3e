// What the app stores: an order is charged once, and its receipt is kept under its number.
import type { SQLiteAdapter } from '@go-go-scope/persistence-sqlite-node'

type Orders = Pick<SQLiteAdapter, 'idempotency'>

export function storeOrder({ idempotency }: Orders, number: number): Promise<void> {
  return idempotency.set(`order:${number}`, { receipt: `R-${number}` })
}

/** The numbers from `first` to `last` of which there is no receipt. */
export async function missingOrders({ idempotency }: Orders, first: number, last: number): Promise<number[]> {
  const missing = []
  for (let number = first; number <= last; number++) {
    if ((await idempotency.get(`order:${number}`)) === null) missing.push(number)
  }
  return missing
}
