/** Returns how often a proof repeats: rarely in `npm test`, fully in `npm run soak`. */
export function proofCount({ inTests, inSoak }: { inTests: number; inSoak: number }): number {
  return process.env.SOAK === undefined ? inTests : inSoak
}
