import { describe, expect, it } from 'vitest'
import { awaited, cameBack, heldBy, isAhead, mayMend, pageOfButton, pageOfPlace, pageOfSubject, stations } from './next'
import type { FileStanding } from './shapes'

const file = (subject: string, state: string, moved_at = '2026-11-01T00:00:00Z'): FileStanding => ({
  subject,
  state,
  version: 1,
  reason: '',
  due_at: null,
  moved_at,
})

describe('where the road goes on', () => {
  it('from every place to a page of its own', () => {
    const pages = ['certify', 'bind', 'password', 'notice', 'home', 'exams_only'].map(pageOfPlace)
    expect(pages).toEqual(['/certify', '/province', '/assessment-password', '/notice', '/', '/papers'])
  })

  it('by the one button, if there is one', () => {
    expect(pageOfButton('confirm_profile')).toBe('/profile')
    expect(pageOfButton('details')).toBe('/details')
    expect(pageOfButton('none')).toBeNull()
  })

  it('to the file that came back', () => expect(pageOfSubject('deferral')).toBe('/file/deferral'))

  it('never to a page that is still ahead', () => {
    expect(isAhead('notice', 'bind')).toBe(true)
    expect(isAhead('bind', 'bind')).toBe(false)
    expect(isAhead('bind', 'home')).toBe(false)
    expect(isAhead('certify', 'exams_only')).toBe(false)
  })
})

describe('the small road', () => {
  const states = (place: string): string[] => stations(place).map((station) => station.state)

  it('has its stations behind, here and ahead', () => {
    expect(states('certify')).toEqual(['done', 'current', 'todo', 'todo', 'todo'])
    expect(states('notice')).toEqual(['done', 'done', 'done', 'current', 'todo'])
  })

  it('counts the new password to the binding', () => expect(states('password')).toEqual(states('bind')))
})

describe('the file somebody else has', () => {
  const files = [
    file('profile', 'approved'),
    file('exemption', 'agy_review', '2026-11-03T00:00:00Z'),
    file('change', 'org_review', '2026-11-05T00:00:00Z'),
  ]

  it('is the one the page waits for', () => expect(awaited({ files, waiting: 'agency' })?.subject).toBe('exemption'))

  it('is the newest when the page waits for nobody', () => expect(awaited({ files, waiting: '' })?.subject).toBe('change'))

  it('is none when nothing is reviewed', () => {
    expect(awaited({ files: [file('profile', 'approved')], waiting: 'nobody' })).toBeNull()
  })

  it('is held by the one who reviews it', () => {
    expect(files.map(heldBy)).toEqual(['', 'agency', 'institution'])
    expect(heldBy(file('exemption', 'escalated'))).toBe('province')
  })
})

describe('what came back', () => {
  it('is first what can be mended, then what was refused', () => {
    const files = [file('exemption', 'rejected'), file('profile', 'draft'), file('evaluation', 'org_returned'), file('change', 'agy_review')]
    expect(cameBack(files).map((each) => each.subject)).toEqual(['evaluation', 'exemption'])
    expect(cameBack(files).map(mayMend)).toEqual([true, false])
  })
})
