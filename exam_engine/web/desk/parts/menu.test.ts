import { describe, expect, it } from 'vitest'
import { landingOf, mayVisit, menuOf, PLACES, placesOf } from './menu'

/** As it stands in the bar: a place by its name, a heading with what is under it. */
const bar = (role: string): string[] =>
  menuOf(role).map(({ group, places }) => (group === null ? places.join() : `${group}: ${places.join(' ')}`))

const BARS: [string, string[]][] = [
  ['invigilator', ['sittings', 'cases', 'centre']],
  ['chief', ['sittings', 'cases', 'centre']],
  ['institution', ['reviews', 'roster', 'statistics']],
  [
    'agency',
    ['sittings', 'reviews', 'cases', 'centre', 'people: photos retention', 'items: papers item_stats', 'outcomes: makeup finals statistics'],
  ],
  [
    'province',
    [
      'sittings',
      'reviews',
      'cases',
      'centre',
      'people: roster photos retention',
      'items: papers item_stats',
      'outcomes: makeup finals statistics',
      'system: admin audit',
    ],
  ],
  [
    'nation',
    ['sittings', 'reviews', 'centre', 'retention', 'items: bank papers item_stats', 'outcomes: makeup finals statistics', 'system: admin audit'],
  ],
  ['author', ['bank', 'papers', 'item_stats']],
  ['auditor', ['audit']],
]

describe('the menu', () => {
  it.each(BARS)('offers %s what the server lets it see, few things at once', (role, expected) => {
    expect(bar(role)).toEqual(expected)
  })

  it.each(BARS)('has every place of %s once', (role) => {
    expect(menuOf(role).flatMap(({ places }) => places)).toEqual(placesOf(role))
    expect(new Set(PLACES).size).toBe(PLACES.length)
  })

  it('begins where the work of a role is', () => {
    expect(landingOf('invigilator')).toBe('sittings')
    expect(landingOf('agency')).toBe('sittings')
    expect(landingOf('institution')).toBe('reviews')
    expect(landingOf('auditor')).toBe('audit')
    expect(landingOf('author')).toBe('bank')
    expect(landingOf('physician')).toBe('sittings')
  })

  it('offers nothing to a role it does not know', () => {
    expect(placesOf('physician')).toEqual([])
    expect(menuOf('physician')).toEqual([])
    expect(mayVisit('cases', '')).toBe(false)
  })
})
