/** Keys of a keyboard: A–F or 1–6 choose, ← → or P N turn, M marks, K opens the card (C is an option). */

export type Wish = 'next' | 'previous' | 'mark' | 'card' | { option: number }

const PLAIN: Record<string, Wish> = {
  ArrowRight: 'next',
  n: 'next',
  ArrowLeft: 'previous',
  p: 'previous',
  m: 'mark',
  k: 'card',
}

export function keyOf(event: Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey'>): Wish | null {
  if (event.altKey || event.ctrlKey || event.metaKey) return null
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const plain = PLAIN[key]
  if (plain) return plain
  if (/^[a-f]$/.test(key)) return { option: key.charCodeAt(0) - 97 }
  return /^[1-6]$/.test(key) ? { option: Number(key) - 1 } : null
}
