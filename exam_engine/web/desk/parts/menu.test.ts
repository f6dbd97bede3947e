import { describe, expect, it } from 'vitest'
import { mayVisit, placesOf } from './menu'

describe('the menu', () => {
  it('offers each role what the server lets it see', () => {
    expect(placesOf('invigilator')).toEqual(['sittings', 'cases', 'centre'])
    expect(placesOf('chief')).toEqual(['sittings', 'cases', 'centre'])
    expect(placesOf('agency')).toEqual(['sittings', 'cases', 'photos', 'centre', 'retention'])
    expect(placesOf('province')).toEqual(['sittings', 'cases', 'photos', 'centre', 'retention'])
    expect(placesOf('nation')).toEqual(['sittings', 'centre', 'retention'])
  })

  it('offers nothing to a role it does not know', () => {
    expect(placesOf('physician')).toEqual([])
    expect(mayVisit('cases', '')).toBe(false)
  })
})
