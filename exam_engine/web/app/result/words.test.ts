import { describe, expect, it } from 'vitest'
import { askedGroups, askedWhole, at, codeBelow, keys, type Tree } from '@shared/testing/words'
import english from '@words/en/result.json'
import chinese from '@words/zh-CN/result.json'

const code = codeBelow(new URL('../../app/', import.meta.url), new URL('../../shared/', import.meta.url))

describe('the words of results', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree)).toEqual(keys(chinese as Tree))
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = askedWhole(code, 'result')
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = askedGroups(code, 'result')
    expect(asked.length).toBeGreaterThan(10)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server that a page shows', () => {
    const lists: [string, readonly string[]][] = [
      ['result.outcome', ['qualified', 'unqualified']],
      ['result.word', ['qualified', 'unqualified', 'waiting', 'absent', 'passed', 'failed', 'exempt', 'barred', 'blocked', 'not_required']],
      ['result.status', ['in_progress', 'submitted', 'released', 'annulled', 'barred']],
      ['result.missing', ['profile', 'evaluation', 'exemption', ...['humanities', 'professional'].flatMap((kind) => [kind, `${kind}_release`, `${kind}_case`, `${kind}_makeup`, `${kind}_absence`, `${kind}_paper`])]],
      ['result.reason', ['work', 'ethics', 'not_taking_part', ...['humanities', 'professional'].flatMap((kind) => [`${kind}_failed`, `${kind}_absent`, `${kind}_barred`, `${kind}_blocked`])]],
      ['result.event', ['propose', 'withdraw', 'exclude', 'decide', 'undo', 'publish', 'keep', 'correct', 'ask', 'uphold', 'change', 'suspend', 'reassess', 'pass_late', 'cancel', 'archive', 'legs_changed']],
      ['result.station', ['exams', 'decided', 'excluded', 'published', 'recheck', 'upheld', 'changed', 'suspended', 'reassess', 'qualified_late', 'cancelled', 'closed']],
      ['result.recheck.state', ['waiting', 'upheld', 'changed']],
      ['result.verify.is', ['valid', 'void', 'unknown']],
      ['result.verify.means', ['valid', 'void', 'unknown']],
    ]
    for (const [group, names] of lists) {
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
