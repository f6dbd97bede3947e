/**
 * A window over the page keeps the focus while it is open, and gives it back afterwards.
 * Windows may lie over each other (a notice over a question): only the topmost holds the focus.
 */
import { nextTick, onScopeDispose, type Ref } from 'vue'

const STOPS = 'button:not([disabled]), [href], input, [tabindex="0"]'
const stack: symbol[] = []

export interface FocusTrap {
  /** The window opens: `first` gets the focus, or the window itself. */
  hold: (first?: () => HTMLElement | null | undefined) => Promise<void>
  release: () => void
  /** Tab goes round within the window. */
  turn: (event: KeyboardEvent) => void
}

export function useFocusTrap(panel: Readonly<Ref<HTMLElement | null>>): FocusTrap {
  const me = Symbol('window')
  let before: Element | null = null

  /** Whatever takes the focus outside (a tap on the page behind) gives it back. */
  function keep(event: FocusEvent): void {
    const onTop = stack[stack.length - 1] === me
    if (onTop && event.target instanceof Node && !panel.value?.contains(event.target)) {
      panel.value?.focus({ preventScroll: true })
    }
  }

  async function hold(first?: () => HTMLElement | null | undefined): Promise<void> {
    if (stack.includes(me)) return
    before = document.activeElement
    stack.push(me)
    document.addEventListener('focusin', keep)
    await nextTick()
    ;(first?.() ?? panel.value)?.focus()
  }

  function release(): void {
    if (!stack.includes(me)) return
    document.removeEventListener('focusin', keep)
    stack.splice(stack.indexOf(me), 1)
    if (before instanceof HTMLElement) before.focus({ preventScroll: true }) // he reads on where he was
  }

  function turn(event: KeyboardEvent): void {
    if (event.key !== 'Tab') return
    const stops = [...(panel.value?.querySelectorAll<HTMLElement>(STOPS) ?? [])]
    const [first, last] = [stops[0], stops[stops.length - 1]]
    if (!first || !last) return event.preventDefault()
    const at = document.activeElement
    if (event.shiftKey ? at === first || at === panel.value : at === last) {
      event.preventDefault()
      ;(event.shiftKey ? last : first).focus()
    }
  }

  onScopeDispose(release)
  return { hold, release, turn }
}
