import { describe, expect, it } from 'vitest'
import { aTile } from '../testing/tile'
import type { Tile } from '../wire'
import { LookBook } from './looks'
import { busyElsewhere, current, type Eyes, goBack, goOn, goTo, left, NO_WALK, type Walk } from './queue'

const at = (time: string): string => `2026-11-22T${time}Z`
const ms = (time: string): number => Date.parse(at(time))
const NOW = ms('09:30:00')

describe('who has news', () => {
  it('is whoever stands out and was never looked at', () => {
    const looks = new LookBook()
    expect(looks.hasNews(aTile({ attention: 40 }))).toBe(true)
    expect(looks.hasNews(aTile({ attention: 0 }))).toBe(false)
  })

  it('sinks once looked at, until proctoring has something new', () => {
    const looks = new LookBook()
    const tile = aTile({ attention: 40, changed_at: at('09:20:00') })
    const other = aTile({ attempt_id: 2, attention: 10 })
    looks.note(tile, ms('09:25:00'))
    expect(looks.hasNews(tile)).toBe(false)
    expect(looks.rank(tile)).toBeLessThan(looks.rank(other))
    const later = { ...tile, changed_at: at('09:26:00') }
    expect(looks.hasNews(later)).toBe(true)
    expect(looks.rank(later)).toBeGreaterThan(looks.rank(other))
  })

  it('still ranks by attention among those looked at', () => {
    const looks = new LookBook()
    const [grave, light] = [aTile({ attention: 90 }), aTile({ attempt_id: 2, attention: 10 })]
    for (const tile of [grave, light]) looks.note(tile, NOW)
    expect(looks.rank(grave)).toBeGreaterThan(looks.rank(light))
  })

  it('is also who newly stands out by something that proctoring has no instant for', () => {
    const looks = new LookBook()
    looks.note(aTile({ attention: 20, flags: ['paused'] }), NOW)
    expect(looks.hasNews(aTile({ attention: 20, flags: ['paused'] }))).toBe(false)
    expect(looks.hasNews(aTile({ attention: 80, flags: ['paused', 'offline'] }))).toBe(true)
  })

  it('is told from looks on another device, and they never take back a later look here', () => {
    const looks = new LookBook()
    const tile = aTile({ attention: 20, changed_at: at('09:20:00') })
    looks.hear({ '1': at('09:21:00') })
    expect(looks.hasNews(tile)).toBe(false)
    looks.note({ ...tile, changed_at: at('09:28:00') }, ms('09:29:00'))
    looks.hear({ '1': at('09:21:00') })
    expect(looks.hasNews({ ...tile, changed_at: at('09:28:00') })).toBe(false)
  })
})

describe('a walk', () => {
  const tiles: Tile[] = [
    aTile({ attempt_id: 1, attention: 10 }),
    aTile({ attempt_id: 2, attention: 100, incidents: 1, worst: 3 }),
    aTile({ attempt_id: 3 }),
    aTile({ attempt_id: 4 }),
    aTile({ attempt_id: 5, attention: 200, claimed_by: '李监考', claimed_until: at('09:30:30') }),
    aTile({ attempt_id: 6, phase: 'submitted' }),
  ]

  function walkAll(eyes: Eyes, all = tiles): number[] {
    let walk: Walk = NO_WALK
    const seen: number[] = []
    for (let steps = 0; steps < 20; steps += 1) {
      const next = goOn(walk, all, eyes)
      if (next === walk) return seen
      walk = next
      const here = all.find((tile) => tile.attempt_id === current(walk))
      if (here === undefined) throw new Error('nobody')
      eyes.looks.note(here, NOW)
      seen.push(here.attempt_id)
    }
    return seen
  }

  it('goes by need, then to the quiet ones, and last to those somebody else is busy with', () => {
    expect(walkAll({ looks: new LookBook(), me: '王监考', nowMs: NOW })).toEqual([2, 1, 3, 4, 5])
  })

  it('goes to the quiet ones longest not looked at first', () => {
    const looks = new LookBook()
    looks.hear({ '3': at('09:10:00'), '4': at('09:05:00') })
    expect(walkAll({ looks, me: '李监考', nowMs: NOW })).toEqual([5, 2, 1, 4, 3])
  })

  it('comes again to whoever has news', () => {
    const eyes = { looks: new LookBook(), me: '', nowMs: NOW }
    const walk = goTo(goTo(NO_WALK, 2), 1)
    for (const tile of tiles) eyes.looks.note(tile, NOW)
    const news = tiles.map((tile) => (tile.attempt_id === 2 ? { ...tile, changed_at: at('09:31:00') } : tile))
    expect(current(goOn(walk, news, eyes))).toBe(2)
    expect(left(news, walk, eyes)).toEqual({ news: 1, all: 4 })
  })

  it('goes back and forth without losing its place', () => {
    const eyes = { looks: new LookBook(), me: '', nowMs: NOW }
    const walk = goTo(goTo(goTo(NO_WALK, 1), 2), 3)
    expect(current(goBack(walk))).toBe(2)
    expect(current(goBack(goBack(goBack(walk))))).toBe(1)
    expect(goOn(goOn(goBack(goBack(walk)), tiles, eyes), tiles, eyes)).toEqual(walk)
  })

  it('knows a claim only until it ends, and not its own', () => {
    const claimed = aTile({ claimed_by: '李监考', claimed_until: at('09:30:30') })
    expect(busyElsewhere(claimed, '王监考', NOW)).toBe('李监考')
    expect(busyElsewhere(claimed, '李监考', NOW)).toBe('')
    expect(busyElsewhere(claimed, '王监考', ms('09:30:30'))).toBe('')
  })
})
