import { createInterface } from 'node:readline'

/** Ends one {@link takeOrders}, and not the line for orders. */
export const OVER = 'over'

/** One for all in this process that take orders in turn: a second one would miss what the first has read. */
let lines: AsyncIterator<string> | undefined

/**
 * Says that this process is ready, then does `work` for each line from the parent and answers with what it gives, as a line
 * of JSON. Ends when the parent ends the line, and at the order `over`, which is not answered.
 *
 * @param work gets the words of the line
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
