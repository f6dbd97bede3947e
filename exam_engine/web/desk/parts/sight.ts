/** One observer for all portraits: calls back once an element has stayed in sight for a moment. */

const MOMENT_MS = 120

interface Watched {
  seen: () => void
  timer: ReturnType<typeof setTimeout> | null
}

const watched = new Map<Element, Watched>()
let observer: IntersectionObserver | null = null

export function watchSight(element: Element, seen: () => void): void {
  watched.set(element, { seen, timer: null })
  observer ??= new IntersectionObserver(notice, { rootMargin: '60px' })
  observer.observe(element)
}

export function unwatch(element: Element): void {
  const entry = watched.get(element)
  if (entry !== undefined && entry.timer !== null) clearTimeout(entry.timer)
  watched.delete(element)
  observer?.unobserve(element)
}

function notice(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const entry = watched.get(target)
    if (entry === undefined) continue
    if (entry.timer !== null) clearTimeout(entry.timer)
    entry.timer = isIntersecting ? setTimeout(() => finish(target, entry), MOMENT_MS) : null
  }
}

function finish(element: Element, entry: Watched): void {
  unwatch(element)
  entry.seen()
}
