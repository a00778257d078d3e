import { createInterface } from 'node:readline'

/** The order that ends one {@link takeOrders} without closing stdin. */
export const OVER = 'over'

/** One reader for all callers in this process, because a second reader would miss lines that the first has buffered. */
let lines: AsyncIterator<string> | undefined

/**
 * Reports that this process is ready, then calls `work` for each line from the parent and answers with its result, as a line of
 * JSON. Ends when the parent closes stdin, and on the order `over`, which is not answered.
 *
 * @param work Called with the words of a line.
 */
export async function takeOrders(work: (words: string[]) => Promise<unknown>): Promise<void> {
  say({ value: 'ready' })
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  for (;;) {
    const { value: order, done } = await lines.next()
    if (done === true || order === OVER) return
    try {
      say({ value: (await work(order.split(' '))) ?? null })
    } catch (error) {
      say({ error: String((error as Error).stack ?? error) })
    }
  }
}

/** Sends the parent one value, as a line of JSON. */
export function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
