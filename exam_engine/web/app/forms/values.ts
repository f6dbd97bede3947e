/** Comparing values: what the server keeps of them is trimmed, and empty ones are left out. */
import type { Value, Values } from './shapes'

/** Values as the server keeps them (forms.py `fits`), with their codes in order. */
export function tidy(values: Values): Values {
  const kept = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, value]) => [code, tidyOne(value)]))
}

const isRow = (value: unknown): value is Values => typeof value === 'object' && value !== null

function tidyOne(value: Value): Value {
  if (typeof value === 'string') return value.trim()
  if (!Array.isArray(value)) return value
  return isRow(value[0]) ? (value as Values[]).map(tidy) : ([...new Set(value as number[])] as number[])
}

export const same = (one: Values, other: Values): boolean => JSON.stringify(tidy(one)) === JSON.stringify(tidy(other))

const sameAt = (code: string, one: Values, other: Values): boolean =>
  same({ [code]: one[code] }, { [code]: other[code] })

/** The codes of what differs. */
export const differing = (one: Values, other: Values): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((code) => !sameAt(code, one, other)).sort()

export type Side = 'mine' | 'theirs'

/** Of what differs: which side changed it since both had `base`; null where both did, so that a person must choose. */
export function whoChanged(code: string, base: Values, mine: Values, theirs: Values): Side | null {
  if (sameAt(code, base, theirs)) return 'mine'
  return sameAt(code, base, mine) ? 'theirs' : null
}

export function chosen(mine: Values, theirs: Values, sides: Readonly<Record<string, Side>>): Values {
  const values: Values = { ...theirs }
  for (const code of differing(mine, theirs)) if (sides[code] !== 'theirs') values[code] = mine[code]
  return values
}
