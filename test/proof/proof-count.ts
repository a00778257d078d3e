/** How often a proof repeats itself: briefly in `npm test`, in full in `npm run soak`. */
export function proofCount({ inTests, inSoak }: { inTests: number; inSoak: number }): number {
  return process.env.SOAK === undefined ? inTests : inSoak
}
