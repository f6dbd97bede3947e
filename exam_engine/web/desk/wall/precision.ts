/** How often each kind of flag was right so far, for the table behind the header. */

import type { RulePrecision } from './shapes'

export interface PrecisionLine {
  rule: string
  real: number
  fine: number
  open: number
  /** Whole percent, null while nobody has judged one. */
  share: number | null
  low: number
  high: number
}

/** Most judged first: those figures are worth most. */
export function lines(rules: readonly RulePrecision[]): PrecisionLine[] {
  return [...rules]
    .sort((one, other) => other.real + other.fine - one.real - one.fine || one.rule.localeCompare(other.rule))
    .map(({ rule, real, fine, open, share, low, high }) => ({
      rule,
      real,
      fine,
      open,
      share: share === null ? null : percent(share),
      low: low === null ? 0 : percent(low),
      high: high === null ? 100 : percent(high),
    }))
}

function percent(share: number): number {
  return Math.round(100 * share)
}
