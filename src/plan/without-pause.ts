/** Carries a computation that may pause to its end, without one. */
export function withoutPause<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
