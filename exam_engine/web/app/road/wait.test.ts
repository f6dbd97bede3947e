import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { secondsLeft, useWait } from './wait'

describe('seconds left', () => {
  it('round up, and never fall below nothing', () => {
    expect(secondsLeft(10_000, 9_001, 60)).toBe(1)
    expect(secondsLeft(10_000, 10_000, 60)).toBe(0)
    expect(secondsLeft(10_000, 20_000, 60)).toBe(0)
  })

  it('are never more than were asked for, though the clock was set back', () => {
    expect(secondsLeft(10_000_000, 0, 60)).toBe(60)
  })
})

describe('a wait', () => {
  const shelf = new Map<string, string>()

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => shelf.get(key) ?? null,
      setItem: (key: string, value: string) => void shelf.set(key, value),
      removeItem: (key: string) => void shelf.delete(key),
    })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
    shelf.clear()
  })

  it('counts down to nothing', () => {
    const scope = effectScope()
    const wait = scope.run(() => useWait('a'))!
    wait.begin(2)
    expect(wait.left.value).toBe(2)
    vi.advanceTimersByTime(1_000)
    expect(wait.left.value).toBe(1)
    vi.advanceTimersByTime(1_000)
    expect(wait.left.value).toBe(0)
    expect(shelf.size).toBe(0)
    scope.stop()
  })

  it('goes on after a reload of the page', () => {
    const before = effectScope()
    before.run(() => useWait('a'))!.begin(60)
    before.stop()
    vi.advanceTimersByTime(20_000)
    const after = effectScope()
    expect(after.run(() => useWait('a'))!.left.value).toBe(40)
    after.stop()
  })

  it('ends with its page', () => {
    const scope = effectScope()
    scope.run(() => useWait('a'))!.begin(60)
    scope.stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
