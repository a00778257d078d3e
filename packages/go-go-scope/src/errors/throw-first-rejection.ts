/** Throws the reason of the first rejection, if any. It takes settled results, so that no promise is left behind. */
export function throwFirstRejection(answers: readonly PromiseSettledResult<unknown>[]): void {
  const rejected = answers.find((answer) => answer.status === 'rejected')
  if (rejected !== undefined) throw rejected.reason
}
