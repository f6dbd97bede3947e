import { describe, expect, it } from 'vitest'
import en from '@words/en/desk.json'
import zh from '@words/zh-CN/desk.json'
import { aTile } from '../testing/tile'
import type { Tile } from '../wire'
import { ALLEGATIONS, likelyAllegation, picturesOf, wordsFit } from './case_form'
import { newestShot, shotsOf } from './evidence'
import { FACES, faceSign, likeness } from './face'
import { LookBook } from './looks'
import { lines } from './precision'
import { QUEUE_KEYS, keyCap, queueDeed } from './queue_keys'
import { inRooms, NOT_REFINED, organisationsOf, parts, passes, type Refinement, SWITCHES, toggledIn, WHYS } from './refine'
import { sameScope, scopeOf, tilesOfRoom } from './rooms'
import type { CandidateView, IncidentRow, Proctored } from './shapes'
import { visionState } from './vision'

const NOW = Date.parse('2026-11-22T09:30:00Z')

function anIncident(part: Partial<IncidentRow>): IncidentRow {
  const plain = { incident_id: 1, rule: 'left_page', ordinal: 1, level: 1, at: '2026-11-22T09:00:00Z', for_ms: 0 }
  return { ...plain, pictures: [], note: '', by: '', verdict: '', reviewed_by: '', ...part }
}

describe('the filters beside the counters', () => {
  const seen = { nowMs: NOW, me: '王监考', looks: new LookBook() }
  const by = (part: Partial<Refinement>, tile: Partial<Tile>): boolean =>
    passes({ ...NOT_REFINED, ...part }, aTile(tile), seen)

  it('let everybody pass while nothing is chosen', () => {
    expect(by({}, {})).toBe(true)
  })

  it('take any value of one kind, and all kinds together', () => {
    expect(by({ levels: [2, 3] }, { worst: 3, incidents: 1 })).toBe(true)
    expect(by({ levels: [2, 3] }, { worst: 1, incidents: 1 })).toBe(false)
    expect(by({ levels: [3], faces: ['other'] }, { worst: 3, face: 'same' })).toBe(false)
    expect(by({ levels: [3], faces: ['other', 'several'] }, { worst: 3, face: 'several' })).toBe(true)
  })

  it('ask why an identity waits only of those that wait', () => {
    expect(by({ whys: ['no_model'] }, { identity: 'waiting', why: 'no_model' })).toBe(true)
    expect(by({ whys: ['no_model'] }, { identity: 'accepted', why: 'no_model' })).toBe(false)
  })

  it('know room and institution', () => {
    expect(by({ room: 2 }, { room: 2 })).toBe(true)
    expect(by({ room: 2 }, { room: 1 })).toBe(false)
    expect(by({ organisation: '甲医院' }, { organisation: '乙医院' })).toBe(false)
    expect(organisationsOf([aTile({ organisation: '乙' }), aTile({ organisation: '' }), aTile({ organisation: '乙' })], 'zh-CN')).toEqual(['乙'])
  })

  it.each([
    ['news', { attention: 10 }, {}],
    ['unreviewed', { incidents: 1 }, {}],
    ['unacknowledged', { notices_open: 1 }, { notices_open: 1, phase: 'submitted' }],
    ['offline_long', { connected: false, seen_at: '2026-11-22T09:28:00Z' }, { connected: false, seen_at: '2026-11-22T09:29:30Z' }],
    ['claimed_by_me', { claimed_by: '王监考' }, { claimed_by: '李监考' }],
    ['case_open', { case_open: true }, {}],
  ] as const)('%s', (name, yes, no) => {
    expect(by({ switches: [name] }, yes)).toBe(true)
    expect(by({ switches: [name] }, no)).toBe(false)
  })

  it('can be taken back one by one', () => {
    const all: Refinement = { levels: [3], faces: ['other'], whys: ['no_model'], switches: ['news'], room: 2, organisation: '甲' }
    let rest = all
    while (parts(rest).length > 0) {
      const [first] = parts(rest)
      if (first === undefined) break
      expect(parts(first.without)).toHaveLength(parts(rest).length - 1)
      rest = first.without
    }
    expect(rest).toEqual(NOT_REFINED)
    expect(toggledIn(toggledIn([1], 2), 1)).toEqual([2])
  })
})

describe('rooms', () => {
  const state = (mine: number[]): Proctored => ({ mine }) as unknown as Proctored

  it('narrow the wall only for who has some and wants it', () => {
    expect(scopeOf(state([2]), false)).toBeNull()
    expect(scopeOf(state([]), true)).toBeNull()
    expect(scopeOf(null, true)).toBeNull()
    expect([...(scopeOf(state([2, 3]), true) ?? [])]).toEqual([2, 3])
    expect(inRooms(new Set([2]), aTile({ room: 3 }))).toBe(false)
    expect(inRooms(null, aTile({ room: 3 }))).toBe(true)
  })

  it('are the same scope whatever object carries it', () => {
    expect(sameScope(new Set([1, 2]), new Set([2, 1]))).toBe(true)
    expect(sameScope(new Set([1]), new Set([1, 2]))).toBe(false)
    expect(sameScope(null, new Set())).toBe(false)
  })

  it('hold their people', () => {
    expect(tilesOfRoom([aTile({ room: 1 }), aTile({ attempt_id: 2, room: 2 })], 2).map((tile) => tile.attempt_id)).toEqual([2])
  })
})

describe('what is said of a face', () => {
  it('has its limits where the law of the house has them', () => {
    expect([100, 75, 74, 60, 59, 0].map(likeness)).toEqual(['like', 'like', 'doubt', 'doubt', 'unlike', 'unlike'])
  })

  it('is a question for a kind of tomorrow', () => {
    expect(faceSign('hologram').sign).toBe('?')
  })
})

describe('the state of the models', () => {
  const view = { model: 'm', workers: 2, workers_alive: 2, waiting: 0, waited_s: 0, reason: '', share: 1 }

  it.each([
    ['fine', {}],
    ['queue', { waiting: 9 }],
    ['fewer', { workers_alive: 1 }],
    ['slow', { reason: 'slow', waiting: 40 }],
    ['none', { reason: 'none', workers: 0, workers_alive: 0 }],
    ['down', { reason: 'down' }],
    ['down', { reason: 'of_tomorrow' }],
  ])('%s', (state, part) => {
    expect(visionState({ ...view, ...part }).state).toBe(state)
  })
})

it('precision: most judged first, whole percent, nothing claimed where nobody judged', () => {
  const none = { share: null, low: null, high: null }
  const told = lines([
    { rule: 'idle', real: 0, fine: 0, open: 3, ...none },
    { rule: 'other_person', real: 3, fine: 1, open: 0, share: 0.75, low: 0.301, high: 0.954 },
  ])
  expect(told.map((one) => [one.rule, one.share, one.low, one.high])).toEqual([
    ['other_person', 75, 30, 95],
    ['idle', null, 0, 100],
  ])
})

describe('a case', () => {
  it('is about what its gravest incident is about', () => {
    expect(likelyAllegation([anIncident({ rule: 'copy', level: 1 }), anIncident({ rule: 'other_person', level: 3 })])).toBe('substitution')
    expect(likelyAllegation([])).toBe('other')
    expect(likelyAllegation([anIncident({ rule: 'of_tomorrow' })])).toBe('other')
  })

  it('takes each picture once', () => {
    expect(picturesOf([anIncident({ pictures: ['a', 'b'] })], ['b', 'c'])).toEqual(['a', 'b', 'c'])
  })

  it('counts characters, not code units, and no blanks around', () => {
    expect([wordsFit('  𠮷𠮷𠮷𠮷 ', 5, 10), wordsFit('画面中有他人', 5, 10)]).toEqual([false, true])
  })
})

it('pictures: in the order taken, marked by the gravest incident that rests on them', () => {
  const view = {
    photo: 'p',
    incidents: [anIncident({ level: 2, pictures: ['c1'] }), anIncident({ incident_id: 2, level: 3, pictures: ['c1'] })],
    checks: [{ check_id: 1, begun_at: '2026-11-22T09:00:00Z', pictures: ['e1'], similarity: 88 }],
    captures: [
      { picture: 'c2', at: '2026-11-22T09:20:00Z', kind: 'same', similarity: 91 },
      { picture: 'c1', at: '2026-11-22T09:10:00Z', kind: 'several', similarity: null },
    ],
  } as unknown as CandidateView
  const shots = shotsOf(view)
  expect(shots.map((shot) => [shot.picture, shot.source, shot.level])).toEqual([
    ['e1', 'entry', 0],
    ['c1', 'capture', 3],
    ['c2', 'capture', 0],
  ])
  expect(newestShot(shots)?.picture).toBe('c2')
})

describe('the keys of a walk', () => {
  it('mean one thing each', () => {
    const all = Object.values(QUEUE_KEYS).flat()
    expect(new Set(all).size).toBe(all.length)
  })

  it('are found whatever the shift key, and written on the buttons', () => {
    expect([queueDeed('F'), queueDeed('ArrowRight'), queueDeed('x')]).toEqual(['fine', 'next', null])
    expect([keyCap('next'), keyCap('whole'), keyCap('leave')]).toEqual(['N', '↵', 'Esc'])
  })
})

describe('the words of the wall', () => {
  it('know what the server names, in both languages', () => {
    for (const words of [zh, en]) {
      expect(Object.keys(words.wall.face)).toEqual(expect.arrayContaining([...FACES]))
      expect(Object.keys(words.wall.why)).toEqual(expect.arrayContaining([...WHYS]))
      expect(Object.keys(words.wall.switch)).toEqual([...SWITCHES])
      expect(Object.keys(words.wall.keys)).toEqual(expect.arrayContaining(Object.keys(QUEUE_KEYS)))
      expect(Object.keys(words.cases.allegation)).toEqual(expect.arrayContaining([...ALLEGATIONS]))
    }
  })
})
