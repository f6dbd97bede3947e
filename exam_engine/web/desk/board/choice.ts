/** Which candidates are chosen. A choice outlives filters: what is chosen stays so until it is taken back. */

export function toggled(chosen: ReadonlySet<number>, attemptId: number): Set<number> {
  const next = new Set(chosen)
  if (!next.delete(attemptId)) next.add(attemptId)
  return next
}

/** With shift: everything from the last one touched to this one, both included. */
export function rangeChosen(
  chosen: ReadonlySet<number>,
  order: readonly number[],
  from: number | null,
  to: number,
): Set<number> {
  const start = from === null ? -1 : order.indexOf(from)
  const end = order.indexOf(to)
  if (start < 0 || end < 0) return toggled(chosen, to)
  const span = order.slice(Math.min(start, end), Math.max(start, end) + 1)
  return new Set([...chosen, ...span])
}
