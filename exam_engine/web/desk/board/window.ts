/**
 * Which rows of a long list are worth having in the page. All rows have one height, so it is plain arithmetic.
 */

export interface Window {
  first: number
  /** One past the last. */
  end: number
}

export function visibleRows(
  scrollTop: number,
  viewHeight: number,
  rowHeight: number,
  rowCount: number,
  spare: number,
): Window {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare)
  const end = Math.min(rowCount, Math.ceil((scrollTop + viewHeight) / rowHeight) + spare)
  return { first: Math.min(first, end), end }
}

/** Where to scroll so that `row` is wholly visible; the same place when it already is. */
export function scrollTo(row: number, scrollTop: number, viewHeight: number, rowHeight: number): number {
  const top = row * rowHeight
  if (top < scrollTop) return top
  return Math.max(scrollTop, top + rowHeight - viewHeight)
}
