/** How a notice is set so that it is one page, whatever is said in it. */

const FULL_PT = 11.5
const SIZES = [[120, FULL_PT], [320, 9.5], [800, 8]] as const // up to so many signs, in so many points
const LEAST_PT = 7

/** A sign of Chinese is as wide as two of a Latin alphabet. */
const widthOf = (text: string): number => [...text].reduce((sum, sign) => sum + (sign > '\u2e7f' ? 1 : 0.5), 0)

/** The size of type in print, in points, for a notice that says this about its outcome. */
export function printSize(said: readonly string[]): number {
  const width = said.reduce((sum, text) => sum + widthOf(text), 0)
  return SIZES.find(([most]) => width <= most)?.[1] ?? LEAST_PT
}
