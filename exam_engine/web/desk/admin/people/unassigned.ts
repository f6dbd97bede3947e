/** The institutions nobody reviews for: what physicians hand in there comes to nobody. */

import type { Organisation } from '../shapes'

type Reviewed = Pick<Organisation, 'kind' | 'agency_id' | 'disabled'>

export function lacksAgency(row: Reviewed): boolean {
  return row.kind === 'institution' && row.agency_id === null && !row.disabled
}

/** How many there are after one was changed; `before` null: it is new. */
export function recounted(count: number, before: Reviewed | null, after: Reviewed): number {
  const was = before !== null && lacksAgency(before)
  return Math.max(0, count + Number(lacksAgency(after)) - Number(was))
}
