/** Returns the seed of a proof and prints it, so that `SEED=<seed>` can repeat a failure. */
export function printedSeed(name: string): number {
  const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(process.env.SEED)
  console.log(`${name}: SEED=${seed}`)
  return seed
}
