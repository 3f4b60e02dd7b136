/** Measures where something starts to work: the smallest number in (fails, works] that does, given that works does. */
export async function smallest(
  fails: number,
  works: number,
  guesses: readonly number[],
  test: (candidate: number) => Promise<boolean>,
): Promise<number> {
  let [low, high] = [fails, works]
  const pending = [...guesses]
  while (high - low > 1) {
    const guess = pending.shift()
    const middle = guess !== undefined && guess > low && guess < high ? guess : Math.floor((low + high) / 2)
    if (await test(middle)) high = middle
    else low = middle
  }
  return high
}
