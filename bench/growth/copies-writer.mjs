import { createInterface } from 'node:readline'

/** Commits once per ms. Arguments: engine, path. Answers each line that it receives with the ms of each commit since the last line. */
const [, , engineName, path] = process.argv
const { engine } = await import(`../engines/${engineName}.mjs`)
const adapter = await engine.openAdapter(path, { durability: 'power' })
let took = []

createInterface({ input: process.stdin }).on('line', () => {
  console.log(JSON.stringify(took))
  took = []
})
for (let number = 0; ; number++) {
  const began = performance.now()
  await adapter.cache.set(`written-${number % 1_000}`, number)
  took.push(performance.now() - began)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
