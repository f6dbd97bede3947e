/** For which 报考专业 a sitting is. */
import { SPECIALTIES } from '@shared/specialties'

const ALL = Object.values(SPECIALTIES).flat()

/** In the order of the lists, each once; what this page does not know is kept at the end. */
export function inOrder(chosen: Iterable<string>): string[] {
  const left = new Set(chosen)
  const known = ALL.filter((code) => left.delete(code))
  return [...known, ...left]
}

/** All of a category in or out: out only when every one of it is in. */
export function toggledCategory(chosen: readonly string[], category: string): string[] {
  const codes = SPECIALTIES[category] ?? []
  const all = codes.every((code) => chosen.includes(code))
  return inOrder(all ? chosen.filter((code) => !codes.includes(code)) : [...chosen, ...codes])
}
