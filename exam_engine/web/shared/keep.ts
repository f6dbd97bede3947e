/** Small things a browser remembers. A browser that forbids it simply forgets. */

type Where = 'browser' | 'tab'
const box = (where: Where): Storage => (where === 'tab' ? sessionStorage : localStorage)

export function recall(key: string, where: Where = 'browser'): string | null {
  try {
    return box(where).getItem(key)
  } catch {
    return null
  }
}

export function remember(key: string, value: string, where: Where = 'browser'): void {
  try {
    box(where).setItem(key, value)
  } catch {
    // full or forbidden: nothing depends on it
  }
}

export function forget(key: string, where: Where = 'browser'): void {
  try {
    box(where).removeItem(key)
  } catch {
    // as above
  }
}
