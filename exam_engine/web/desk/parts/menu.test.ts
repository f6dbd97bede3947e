import { describe, expect, it } from 'vitest'
import { landingOf, mayVisit, placesOf } from './menu'

describe('the menu', () => {
  it('offers each role what the server lets it see', () => {
    expect(placesOf('invigilator')).toEqual(['sittings', 'cases', 'centre'])
    expect(placesOf('chief')).toEqual(['sittings', 'cases', 'centre'])
    expect(placesOf('institution')).toEqual(['reviews', 'roster', 'statistics'])
    expect(placesOf('agency')).toEqual([
      'sittings',
      'reviews',
      'makeup',
      'cases',
      'photos',
      'centre',
      'statistics',
      'retention',
    ])
    expect(placesOf('province')).toEqual([
      'sittings',
      'reviews',
      'roster',
      'makeup',
      'cases',
      'photos',
      'centre',
      'statistics',
      'admin',
      'audit',
      'retention',
    ])
    expect(placesOf('nation')).toEqual([
      'sittings',
      'reviews',
      'bank',
      'makeup',
      'centre',
      'statistics',
      'admin',
      'audit',
      'retention',
    ])
    expect(placesOf('auditor')).toEqual(['audit'])
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
    expect(mayVisit('cases', '')).toBe(false)
  })
})
