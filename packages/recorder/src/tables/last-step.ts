/** What steps lead to, taken one after the other. */
export function resultOf<R>(steps: Generator<unknown, R>): R {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
