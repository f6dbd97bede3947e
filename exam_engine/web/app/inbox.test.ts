import { readFileSync } from 'node:fs'
import zh from '@words/zh-CN/reg.json'
import { describe, expect, it } from 'vitest'
import { placeOf } from './inbox'

const router = readFileSync(new URL('./router.ts', import.meta.url), 'utf8')
const paths = [...router.matchAll(/path: '([^']+)'/g)].map((match) => match[1] ?? '')
const leadsSomewhere = (place: string): boolean =>
  paths.some((path) => path !== '/:rest(.*)*' && new RegExp(`^${path.replace(/:\w+(\([^)]*\))?/g, '$1')}$`).test(place))

describe('where a message leads', () => {
  it('is a page of the app, for every message and every subject', () => {
    const subjects = ['profile', 'evaluation', 'exemption', 'deferral', 'change', 'something_new']
    const codes = Object.keys(zh.message.to_person)
    const places = codes.flatMap((code) => subjects.map((subject) => placeOf({ code, facts: { subject } })))
    const known = [...new Set(places)].filter((place): place is string => place !== null)
    expect(known.length).toBeGreaterThan(7)
    expect(known.filter((place) => !leadsSomewhere(place))).toEqual([])
  })

  it('is the file that was returned', () => {
    expect(placeOf({ code: 'M12', facts: { subject: 'exemption' } })).toBe('/exemption')
    expect(placeOf({ code: 'M14', facts: { subject: 'change' } })).toBe('/file/change')
    expect(placeOf({ code: 'M13', facts: {} })).toBe('/procedure')
  })

  it('is nowhere for what only says that something is so', () => {
    expect(placeOf({ code: 'M01', facts: {} })).toBeNull()
    expect(placeOf({ code: 'M99', facts: { subject: 'constructor' } })).toBeNull()
  })
})
