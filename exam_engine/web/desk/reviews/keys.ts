/** What keys mean in the queue and at a file. Keys typed into a field, and those of the browser, are not ours. */

export type ListDeed = 'down' | 'up' | 'page_down' | 'page_up' | 'open' | 'choose' | 'batch' | 'search' | 'help' | 'clear' | 'undo'

const LIST: Record<string, ListDeed> = {
  j: 'down',
  ArrowDown: 'down',
  k: 'up',
  ArrowUp: 'up',
  PageDown: 'page_down',
  PageUp: 'page_up',
  Enter: 'open',
  ' ': 'choose',
  a: 'batch',
  '/': 'search',
  '?': 'help',
  Escape: 'clear',
  u: 'undo',
}

export type FileDeed =
  | 'approve'
  | 'return'
  | 'refuse'
  | 'undo'
  | 'next'
  | 'leave'
  | 'help'
  | 'document_next'
  | 'document_back'
  | 'page_next'
  | 'page_back'
  | 'larger'
  | 'smaller'
  | 'whole'
  | 'turn'

const FILE: Record<string, FileDeed> = {
  a: 'approve',
  r: 'return',
  x: 'refuse',
  u: 'undo',
  n: 'next',
  Escape: 'leave',
  '?': 'help',
  ArrowRight: 'document_next',
  ArrowLeft: 'document_back',
  PageDown: 'page_next',
  PageUp: 'page_back',
  '+': 'larger',
  '=': 'larger',
  '-': 'smaller',
  '0': 'whole',
  t: 'turn',
}

const DECIDING: ReadonlySet<FileDeed> = new Set(['approve', 'return', 'refuse', 'undo', 'next'])

const plain = (key: string): string => (key.length === 1 ? key.toLowerCase() : key)

export function listDeed(key: string): ListDeed | null {
  return LIST[plain(key)] ?? null
}

/** What a key means at a file. One held down looks on, but decides nothing: each file takes a press of its own. */
export function fileDeed(key: string, repeated: boolean): FileDeed | null {
  const deed = FILE[plain(key)] ?? null
  return repeated && deed !== null && DECIDING.has(deed) ? null : deed
}

/** Whether a key is typed into something, or is a command of the browser. */
export function isOthers(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true
  const target = event.target instanceof HTMLElement ? event.target : null
  if (target === null) return false
  if (target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select') !== null) return true
  return target.closest('[role=dialog]') !== null
}

/** A file is on the screen this long before a key decides it: a second press meant for the one before does nothing. */
export const SETTLE_MS = 400

export function hasSettled(shownMs: number | null, nowMs: number): boolean {
  return shownMs !== null && nowMs - shownMs >= SETTLE_MS
}
