/** The institutions nobody reviews for: what physicians hand in there comes to nobody. */

import type { Organisation, Page } from '../shapes'

const PAGES_MAX = 100

export interface Unassigned {
  rows: Organisation[]
  /** Not all institutions were looked at. */
  more: boolean
}

export function lacksAgency(row: Pick<Organisation, 'kind' | 'agency_id' | 'disabled'>): boolean {
  return row.kind === 'institution' && row.agency_id === null && !row.disabled
}

/** Walk the list of institutions, page by page. */
export async function findUnassigned(
  fetchPage: (before: number | null) => Promise<Page<Organisation>>,
): Promise<Unassigned> {
  const rows: Organisation[] = []
  let before: number | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const found: Page<Organisation> = await fetchPage(before)
    rows.push(...found.rows.filter(lacksAgency))
    if (found.next === null) return { rows, more: false }
    before = found.next
  }
  return { rows, more: true }
}
