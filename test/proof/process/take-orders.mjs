import { createInterface } from 'node:readline'

/**
 * Says `ready`, then does `work` for each line from the parent and answers with what it gives as a line of JSON. Ends
 * when the parent ends the line.
 *
 * @param {(order: string[]) => Promise<unknown>} work gets the words of the line
 */
export async function takeOrders(work) {
  say({ value: 'ready' })
  for await (const order of createInterface({ input: process.stdin })) {
    try {
      say({ value: (await work(order.split(' '))) ?? null })
    } catch (error) {
      say({ error: String(/** @type {Error} */ (error).stack ?? error) })
    }
  }
}

/** @param {unknown} line */
export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
