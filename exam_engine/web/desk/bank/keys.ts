/** What keys mean in the review queue. Keys typed into a field, and those of the browser, are not ours (reviews/keys.ts). */

export type ReviewDeed = 'next' | 'back' | 'approve' | 'return' | 'open' | 'preview' | 'compare' | 'near' | 'help' | 'leave'

const REVIEW: Record<string, ReviewDeed> = {
  j: 'next',
  ArrowDown: 'next',
  k: 'back',
  ArrowUp: 'back',
  a: 'approve',
  r: 'return',
  o: 'open',
  p: 'preview',
  d: 'compare',
  n: 'near',
  '?': 'help',
  Escape: 'leave',
}

/** One held down looks on, but decides nothing: each item takes a press of its own. */
export function reviewDeed(key: string, repeated: boolean): ReviewDeed | null {
  const deed = REVIEW[key.length === 1 ? key.toLowerCase() : key] ?? null
  return repeated && (deed === 'approve' || deed === 'return') ? null : deed
}
