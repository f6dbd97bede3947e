/** Keys of 巡看; the buttons show them. */

export const QUEUE_KEYS = {
  next: ['n', 'ArrowRight', 'j'],
  back: ['b', 'ArrowLeft', 'k'],
  fine: ['f'],
  real: ['r'],
  warn: ['w'],
  lock: ['l'],
  pause: ['p'],
  extend: ['e'],
  judge: ['a'],
  case: ['c'],
  flag: ['m'],
  rooms: ['h'],
  whole: ['Enter', 't'],
  leave: ['Escape', 'g'],
} as const

export type QueueDeed = keyof typeof QUEUE_KEYS

const BY_KEY = new Map<string, QueueDeed>(
  Object.entries(QUEUE_KEYS).flatMap(([deed, keys]) => keys.map((key) => [key, deed as QueueDeed] as const)),
)

export function queueDeed(key: string): QueueDeed | null {
  return BY_KEY.get(key.length === 1 ? key.toLowerCase() : key) ?? null
}

const SHOWN: Record<string, string> = { ArrowRight: '→', ArrowLeft: '←', Escape: 'Esc', Enter: '↵' }

/** The key as it is written on the button. */
export function keyCap(deed: QueueDeed): string {
  const [key] = QUEUE_KEYS[deed]
  return SHOWN[key] ?? key.toUpperCase()
}
