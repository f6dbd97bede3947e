// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'
import { useFocusTrap, type FocusTrap } from './focus-trap'

const scopes: EffectScope[] = []

function make(markup: string): { panel: HTMLElement; trap: FocusTrap } {
  const panel = document.createElement('div')
  panel.tabIndex = -1
  panel.innerHTML = markup
  document.body.append(panel)
  const scope = effectScope()
  scopes.push(scope)
  return { panel, trap: scope.run(() => useFocusTrap(ref(panel))) as FocusTrap }
}

const at = (): string => document.activeElement?.id ?? ''
const focus = (id: string): void => document.getElementById(id)?.focus()

function tab(trap: FocusTrap, shiftKey = false): boolean {
  const event = new KeyboardEvent('keydown', { key: 'Tab', shiftKey, cancelable: true })
  trap.turn(event)
  return event.defaultPrevented
}

beforeEach(() => {
  document.body.innerHTML = '<button id="behind"></button>'
  focus('behind')
})
afterEach(() => {
  for (const scope of scopes.splice(0)) scope.stop()
})

describe('a window over the page', () => {
  it('sends Tab from its last stop to its first, and back', async () => {
    const { trap } = make('<button id="a"></button><button id="b"></button><button id="c" disabled></button>')
    await trap.hold()
    focus('b')
    expect([tab(trap), at()]).toEqual([true, 'a'])
    expect([tab(trap, true), at()]).toEqual([true, 'b'])
    focus('a')
    expect(tab(trap)).toBe(false) // the browser goes on to the next by itself
  })

  it('gives the focus to the stop it was asked to, and takes it back from the page behind', async () => {
    const { panel, trap } = make('<button id="a"></button><button id="b"></button>')
    await trap.hold(() => document.getElementById('b'))
    expect(at()).toBe('b')
    focus('behind')
    expect(document.activeElement).toBe(panel)
  })

  it('gives the focus back to where it was, also when it is taken away while open', async () => {
    const { trap } = make('<button id="a"></button>')
    await trap.hold(() => document.getElementById('a'))
    scopes[0]?.stop()
    expect(at()).toBe('behind')
    focus('behind')
    expect(at()).toBe('behind')
  })

  it('leaves the focus to a window above it', async () => {
    const below = make('<button id="a"></button>')
    const above = make('<button id="b"></button>')
    await below.trap.hold(() => document.getElementById('a'))
    await above.trap.hold(() => document.getElementById('b'))
    expect(at()).toBe('b')
    above.trap.release()
    expect(at()).toBe('a')
  })
})
