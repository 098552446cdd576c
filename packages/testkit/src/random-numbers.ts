/** Numbers in [0, 1): https://en.wikipedia.org/wiki/Linear_congruential_generator with the constants of Numerical Recipes. */
export function randomNumbers(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
