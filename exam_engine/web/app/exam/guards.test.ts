// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guard, keyKind } from './guards'

let heard: string[]
let off: () => void

beforeEach(() => {
  heard = []
  const say = (word: string) => () => void heard.push(word)
  off = guard({
    noted: (kind) => void heard.push(kind),
    refused: (what) => void heard.push(`no ${what}`),
    hidden: say('hidden'),
    shown: say('shown'),
    blurred: say('blurred'),
    focused: say('focused'),
    alive: () => undefined,
  })
})
afterEach(() => off())

describe('the exam page', () => {
  it.each(['copy', 'cut', 'paste'])('holds back %s and notes it', (kind) => {
    const event = new Event(kind, { bubbles: true, cancelable: true })
    document.body.dispatchEvent(event)
    expect(event.defaultPrevented).toBe(true)
    expect(heard).toEqual([kind, `no ${kind}`])
  })

  it('holds back the context menu without noting anything: it is no offence', () => {
    const event = new Event('contextmenu', { bubbles: true, cancelable: true })
    document.body.dispatchEvent(event)
    expect([event.defaultPrevented, heard]).toEqual([true, ['no menu']])
  })

  it('holds back printing by key, and hears a screenshot key that is only let go', () => {
    const print = new KeyboardEvent('keydown', { key: 'p', ctrlKey: true, cancelable: true })
    window.dispatchEvent(print)
    window.dispatchEvent(new KeyboardEvent('keyup', { key: 'PrintScreen' }))
    expect([print.defaultPrevented, heard]).toEqual([true, ['print', 'no print', 'screenshot_key', 'no screenshot']])
  })

  it('hears nothing any more once it is over', () => {
    off()
    document.body.dispatchEvent(new Event('copy', { bubbles: true, cancelable: true }))
    window.dispatchEvent(new Event('blur'))
    expect(heard).toEqual([])
  })
})

it.each([
  [{ key: 'p' }, null],
  [{ key: 'P', metaKey: true }, 'print'],
  [{ key: '4', metaKey: true, shiftKey: true }, 'screenshot_key'],
  [{ key: '4' }, null],
])('%o is %s', (keys, kind) => {
  expect(keyKind({ ctrlKey: false, metaKey: false, shiftKey: false, ...keys })).toBe(kind)
})
