import { createInterface } from 'node:readline'

/**
 * Says `ready`, then does `work` for each line the parent sends and answers with what it gives, as one line of JSON.
 * Ends when the parent closes the line.
 */
export async function takeOrders(work: (order: string) => Promise<unknown>): Promise<void> {
  process.stdout.write('"ready"\n')
  for await (const order of createInterface({ input: process.stdin })) {
    let answer: unknown
    try {
      answer = { value: await work(order) }
    } catch (error) {
      answer = { error: String((error as Error).stack ?? error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}
