/** What the exam page does not allow, and what it notices of the page being left. Listeners only; who hears decides. */
import type { SignalKind } from './signals'

export interface GuardEars {
  /** Something happened at one moment. */
  noted: (kind: SignalKind) => void
  /** Something was held back; the page says why. */
  refused: (what: 'copy' | 'paste' | 'cut' | 'print' | 'menu' | 'screenshot') => void
  hidden: () => void
  shown: () => void
  blurred: () => void
  focused: () => void
  /** A key, a touch, a movement: somebody is there. */
  alive: () => void
}

const CLIPBOARD = ['copy', 'cut', 'paste'] as const
/** What shows that somebody is there. Keys are listened to below anyway. */
const PASSIVE = { pointerdown: 1, pointermove: 1, scroll: 1, touchstart: 1 }

/** Keys that print, or that take a picture of the screen where the browser hears of it at all. */
export function keyKind(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey'>,
): 'print' | 'screenshot_key' | null {
  if (event.key === 'PrintScreen') return 'screenshot_key'
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'p') return 'print'
  return event.metaKey && event.shiftKey && /^[3-5sS#$%]$/.test(event.key) ? 'screenshot_key' : null
}

/** Listen until the function that comes back is called. */
export function guard(ears: GuardEars): () => void {
  const off: (() => void)[] = []
  const on = (target: EventTarget, kind: string, hear: (event: Event) => void, capture = false): void => {
    target.addEventListener(kind, hear, { capture, passive: kind in PASSIVE })
    off.push(() => target.removeEventListener(kind, hear, { capture }))
  }
  for (const kind of CLIPBOARD) {
    on(document, kind, (event) => {
      event.preventDefault()
      ears.noted(kind)
      ears.refused(kind)
    })
  }
  on(document, 'contextmenu', (event) => {
    event.preventDefault()
    ears.refused('menu')
  })
  on(window, 'keydown', (event) => pressed(event as KeyboardEvent, ears), true)
  on(window, 'keyup', (event) => pressed(event as KeyboardEvent, ears), true) // PrintScreen is heard only when let go
  on(window, 'beforeprint', () => ears.noted('print'))
  const seen = (): void => (document.visibilityState === 'visible' ? ears.shown() : ears.hidden())
  on(document, 'visibilitychange', seen)
  on(window, 'pagehide', () => ears.hidden())
  on(window, 'pageshow', seen)
  on(window, 'blur', () => ears.blurred())
  on(window, 'focus', () => ears.focused())
  on(document, 'fullscreenchange', () => document.fullscreenElement || ears.noted('fullscreen_left'))
  for (const kind of Object.keys(PASSIVE)) on(window, kind, () => ears.alive(), true)
  return () => off.forEach((undo) => undo())
}

function pressed(event: KeyboardEvent, ears: GuardEars): void {
  ears.alive()
  const kind = keyKind(event)
  if (!kind || (event.type === 'keyup' && kind === 'print')) return
  event.preventDefault()
  ears.noted(kind)
  ears.refused(kind === 'print' ? 'print' : 'screenshot')
}
