/** Throws the reason of the first answer that is a rejection. To be called when all have settled: none is left behind. */
export function throwFirstRejection(answers: readonly PromiseSettledResult<unknown>[]): void {
  const rejected = answers.find((answer) => answer.status === 'rejected')
  if (rejected !== undefined) throw rejected.reason
}
