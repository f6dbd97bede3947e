/** What differs between two texts: the part in the middle, between what both begin and end with. */

export interface Difference {
  head: string
  removed: string
  added: string
  tail: string
}

const low = (char: string | undefined): boolean => char !== undefined && char >= '\udc00' && char <= '\udfff'

export function difference(before: string, after: string): Difference {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  // A character of two halves is never cut in two.
  while (start > 0 && (low(before[start]) || low(after[start]))) start -= 1
  while (end > 0 && low(after[after.length - end])) end -= 1
  return {
    head: after.slice(0, start),
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    tail: after.slice(after.length - end),
  }
}
