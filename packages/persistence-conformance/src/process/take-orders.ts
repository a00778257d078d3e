import { createInterface } from 'node:readline'

/**
 * Says that this process is ready, then does `work` for each line from the parent and answers with what it gives, as a line
 * of JSON. Ends when the parent ends the line.
 *
 * @param work gets the words of the line
 */
export async function takeOrders(work: (words: string[]) => Promise<unknown>): Promise<void> {
  say({ value: 'ready' })
  for await (const order of createInterface({ input: process.stdin })) {
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
