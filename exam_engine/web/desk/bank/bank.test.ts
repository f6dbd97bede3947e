/** The small things: shelf, queue, pairs, imports, keys, set codes, and how a candidate's page looks. */
import { beforeEach, expect, it, vi } from 'vitest'
import { declarations, look } from './candidate'
import { countOf, isGoing, leavesOut, lostOf, mayConfirm, percent, stage, stepOf, table } from './importing'
import { reviewDeed } from './keys'
import { grouped, keepAside, narrowed, pairKey, readAside } from './pairs'
import { afterDecision, entries, stepped } from './queue'
import { newSetCode } from './set_code'
import type { BankImport } from './shapes'
import { shelve, shelved, unshelve } from './shelf'
import { content, pair, row } from './testing/bank'
import { neighbours } from './useItems'

class Box {
  private readonly held = new Map<string, string>()
  getItem = (key: string): string | null => this.held.get(key) ?? null
  setItem = (key: string, value: string): void => void this.held.set(key, value)
  removeItem = (key: string): void => void this.held.delete(key)
}

beforeEach(() => {
  vi.stubGlobal('sessionStorage', new Box())
  vi.stubGlobal('localStorage', new Box())
})

it('gives what lay on the shelf to the same account and item only', () => {
  shelve(7, 1, { revision: 3, content: content({ stem: '未保存' }) })
  expect(shelved(7, 1)).toMatchObject({ revision: 3, content: { stem: '未保存' } })
  expect(shelved(8, 1)).toBeNull()
  expect(shelved(7, 2)).toBeNull()
  unshelve(7, 1)
  expect(shelved(7, 1)).toBeNull()
})

it('never leaves a key where the next at this desk could find it', () => {
  shelve(7, 1, { revision: 3, content: content() })
  expect(localStorage.getItem('bank-draft.7.1')).toBeNull()
})

it('overlooks what it can not read', () => {
  sessionStorage.setItem('bank-draft.7.1', '{"revision": "3"}')
  sessionStorage.setItem('bank-draft.7.2', '{')
  expect([shelved(7, 1), shelved(7, 2)]).toEqual([null, null])
})

it('has a set once in the queue, and walks it', () => {
  const queue = entries([row(1), row(2, { set_code: 'S' }), row(3), row(4, { set_code: 'S' })])
  expect(queue.map((one) => one.rows.map((each) => each.item_id))).toEqual([[1], [2, 4], [3]])
  expect([stepped(queue, null, 1), stepped(queue, 1, 1), stepped(queue, 3, 1), stepped(queue, 1, -1)]).toEqual([1, 2, 3, 1])
  expect([afterDecision(queue, 2), afterDecision(queue, 3), afterDecision(queue.slice(0, 1), 1)]).toEqual([3, 2, null])
})

it('keeps sets of two pools apart though they have one code', () => {
  expect(entries([row(1, { set_code: 'S' }), row(2, { set_code: 'S', pool: 'other' })])).toHaveLength(2)
})

it('groups pairs that hang together', () => {
  const groups = grouped([pair(1, 2), pair(5, 6), pair(2, 3)])
  expect(groups.map((one) => one.items)).toEqual([[1, 2, 3], [5, 6]])
  expect(groups[0]?.pairs).toHaveLength(2)
})

it('remembers what is no duplicate, by account and pool', () => {
  const pairs = [pair(2, 1, 'same'), pair(3, 4)]
  keepAside(7, 'p', new Set([pairKey(pairs[0]!)]))
  expect([...readAside(7, 'p')]).toEqual(['1-2'])
  expect(readAside(8, 'p').size).toBe(0)
  expect(narrowed(pairs, '', readAside(7, 'p'))).toEqual([pairs[1]])
  expect(narrowed(pairs, 'same', new Set())).toEqual([pairs[0]])
})

const job = (part: Partial<BankImport> = {}): BankImport => ({
  import_id: '1',
  pool: 'p',
  name: 'a.xlsx',
  format: 'xlsx',
  state: 'read',
  problem: '',
  total: 10,
  new: 6,
  changed: 2,
  same: 2,
  blocked: 0,
  done: 0,
  refused_count: 0,
  doubt_count: 0,
  refused: [],
  doubts: [],
  blocked_lines: [],
  ignored: [],
  made_at: '2026-03-01T01:00:00Z',
  by: '测试命题员',
  ...part,
})

it('knows the step of an import, and when it goes on by itself', () => {
  expect([stepOf(null), stepOf(job({ state: 'reading' })), stepOf(job()), stepOf(job({ state: 'stopped' }))]).toEqual([
    'choose',
    'reading',
    'report',
    'result',
  ])
  expect([isGoing(null), isGoing(job()), isGoing(job({ state: 'writing' }))]).toEqual([false, false, true])
  expect([stage('reading'), stage('writing')]).toEqual(['choose', 'result'])
})

it('asks to agree before anything is left out', () => {
  expect(mayConfirm(job(), false)).toBe(true)
  expect([mayConfirm(job({ refused_count: 1 }), false), mayConfirm(job({ refused_count: 1 }), true)]).toEqual([false, true])
  expect(leavesOut(job({ blocked: 1 }))).toBe(true)
  expect(mayConfirm(job({ new: 0, changed: 0 }), true)).toBe(false)
  expect(percent(job({ done: 2 }))).toBe(25)
})

it('writes the report as a table, what was refused first', () => {
  const line = { row: 3, place: 'B3', code: 'key_empty', reason: 'The answer is missing.' }
  const found = table(job({ refused: [line], doubts: [{ ...line, row: 0 }], refused_count: 1 }), { refused: '拒', blocked: '阻', doubts: '疑' }, ['k'])
  expect(found).toEqual([['k'], ['拒', '3', 'B3', 'key_empty', 'The answer is missing.'], ['疑', '', 'B3', 'key_empty', 'The answer is missing.']])
  expect(countOf(job({ refused_count: 9 }), 'refused')).toBe(9)
})

it('reads what a format loses', () => {
  expect(lostOf('type A2 of 12')).toEqual({ field: 'type A2', n: 12 })
  expect(lostOf('something else')).toEqual({ field: 'something else', n: null })
})

it('lets a key held down look on, but not decide', () => {
  expect([reviewDeed('J', true), reviewDeed('a', false), reviewDeed('a', true), reviewDeed('r', true), reviewDeed('z', false)]).toEqual([
    'next',
    'approve',
    null,
    null,
    null,
  ])
})

it('makes set codes of signs that are not taken for one another', () => {
  expect(newSetCode(Uint8Array.from([0, 31, 32, 255]))).toMatch(/^S-[A-HJKMNP-Z2-9]{4}$/)
  expect(newSetCode(Uint8Array.from([1]))).not.toBe(newSetCode(Uint8Array.from([2])))
})

it('goes from one item of the list to the next', () => {
  const rows = [row(1), row(2), row(3)]
  expect([neighbours(rows, 2), neighbours(rows, 3), neighbours(rows, 9)]).toEqual([
    { back: 1, next: 3 },
    { back: 2, next: null },
    { back: null, next: null },
  ])
})

it('dresses the preview in what the app wears', () => {
  const css = '.x:root{--no:1}:root { --brand: #14625f; /* why */ --exam-font: 18px; color: red }\nbody{margin:0;color:var(--ink);font:16px/1.55 system-ui}'
  expect(look(css)).toEqual([
    ['--brand', '#14625f'],
    ['--exam-font', '18px'],
    ['color', 'var(--ink)'],
    ['font', '16px/1.55 system-ui'],
  ])
  expect(declarations(css, '.none')).toEqual([])
})
