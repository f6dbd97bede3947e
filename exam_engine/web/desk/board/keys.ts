/** What a key means on the board. Keys typed into a field or with a modifier are not ours. */

import type { ActKind } from '../acts/kinds'

export type KeyDeed =
  | { do: 'move'; by: number }
  | { do: 'act'; kind: ActKind }
  | { do: 'timeline' | 'search' | 'help' | 'choose' | 'clear' | 'view' | 'queue' }

const ACT_KEYS: Record<string, ActKind> = {
  w: 'warn',
  m: 'message',
  p: 'pause',
  r: 'resume',
  e: 'extend',
  l: 'lock',
  u: 'unlock',
  a: 'accept',
}

export function keyDeed(key: string, columns: number): KeyDeed | null {
  const kind = ACT_KEYS[key]
  if (kind !== undefined) return { do: 'act', kind }
  switch (key) {
    case 'j':
    case 'ArrowRight':
      return { do: 'move', by: 1 }
    case 'k':
    case 'ArrowLeft':
      return { do: 'move', by: -1 }
    case 'ArrowDown':
      return { do: 'move', by: columns }
    case 'ArrowUp':
      return { do: 'move', by: -columns }
    case 'Enter':
      return { do: 'timeline' }
    case '/':
      return { do: 'search' }
    case '?':
      return { do: 'help' }
    case 'x':
      return { do: 'choose' }
    case 'g':
      return { do: 'queue' }
    case 'v':
      return { do: 'view' }
    case 'Escape':
      return { do: 'clear' }
    default:
      return null
  }
}

/** The place of the cursor after a move; it enters the list at its head and never leaves it. */
export function moved(order: readonly number[], cursor: number | null, by: number): number | null {
  if (order.length === 0) return null
  const at = cursor === null ? -1 : order.indexOf(cursor)
  if (at < 0) return order[0] ?? null
  const next = Math.min(order.length - 1, Math.max(0, at + by))
  return order[next] ?? null
}
