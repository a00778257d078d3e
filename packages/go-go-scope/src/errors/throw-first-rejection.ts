/** Throws the reason of the first rejection, if any. */
export function throwFirstRejection(answers: readonly PromiseSettledResult<unknown>[]): void {
  const rejected = answers.find((answer) => answer.status === 'rejected')
  if (rejected !== undefined) throw rejected.reason
}
