import { describe, expect, it } from 'vitest'
import zh from '@words/zh-CN/results.json'
import { at, keysIn, sources } from '../testing/words'

const found = sources(new URL('./', import.meta.url))

describe('the words of the make-up', () => {
  it('are all there that its pages ask for by their whole name', () => {
    const keys = keysIn(found, /'(results\.makeup\.[a-z_.]+)'/g)
    expect(keys.length).toBeGreaterThan(60)
    expect(keys.filter((key) => typeof at(zh, key) !== 'string')).toEqual([])
  })

  it.each([
    ['state', ['none', 'draft', 'published']],
    ['tab', ['waiting', 'slots', 'seats', 'people', 'changes']],
    ['why', ['failed', 'excused']],
    ['distance', ['online', 'district', 'city', 'province', 'unknown', 'far']],
    ['fault', ['title', 'window', 'place', 'area', 'area_elsewhere', 'capacity', 'overfull', 'times', 'short', 'busy']],
    ['change.what', ['made', 'slots', 'exclusions', 'solved', 'published', 'moved', 'closed', 'asked', 'granted', 'undone']],
    ['ask.state', ['waiting', 'granted', 'refused']],
    ['absence.state', ['open', 'accepted', 'refused']],
    ['reach', ['2', '4', '6']],
  ])('has a word for each code of %s', (key, codes) => {
    expect(Object.keys(at(zh, `results.makeup.${key}`) as object).sort()).toEqual([...codes].sort())
  })
})
