/** The seed of a proof, printed so that a failure can be repeated with `SEED=<seed>`. */
export function printedSeed(name: string): number {
  const seed = process.env.SEED === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(process.env.SEED)
  console.log(`${name}: SEED=${seed}`)
  return seed
}
