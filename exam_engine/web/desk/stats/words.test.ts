import { describe, expect, it } from 'vitest'
import { askedGroups, askedWhole, at, codeBelow, keys, type Tree } from '@shared/testing/words'
import english from '@words/en/stats.json'
import chinese from '@words/zh-CN/stats.json'

const ALARMS = ['wrong_key', 'negative_correlation', 'too_easy', 'too_hard', 'leak_over_time', 'leak_in_group', 'odd_speed']

const code = codeBelow(new URL('./', import.meta.url))

describe('the words of item statistics', () => {
  it('are the same in both languages', () => {
    expect(keys(english as Tree)).toEqual(keys(chinese as Tree))
  })

  it('are there for every sentence asked for by its whole name', () => {
    const asked = askedWhole(code, 'stats')
    expect(asked.length).toBeGreaterThan(60)
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'string')).toEqual([])
  })

  it('have a group for every name that is put together', () => {
    const asked = askedGroups(code, 'stats')
    expect(asked.filter((key) => typeof at(chinese as Tree, key) !== 'object')).toEqual([])
  })

  it('are there for every code of the server', () => {
    const lists: [string, readonly string[]][] = [
      ['stats.alarm', ALARMS],
      ['stats.evidence', ALARMS],
      ['stats.ruling', ['void', 'full_credit', 'also', 'key', 'restore']],
      ['stats.rulingMeans', ['void', 'full_credit', 'also', 'key', 'restore']],
      ['stats.state', ['open', 'applying', 'done', 'rejected', 'withdrawn', 'stale']],
      ['stats.within', ['form', 'room_institution', 'nobody']],
      ['stats.calibration.why', ['few_answers', 'all_alike', 'odd_slope', 'odd_level']],
      ['stats.column', [...code.matchAll(/v-for="(?:column|one) in \[([^\]]*)\]" :key="(?:column|one)" scope/g)].flatMap((match) => [...(match[1] ?? '').matchAll(/'(\w+)'/g)].map((name) => name[1] ?? ''))],
    ]
    for (const [group, names] of lists) {
      expect(names.length).toBeGreaterThan(2)
      expect(names.filter((name) => typeof at(chinese as Tree, `${group}.${name}`) !== 'string')).toEqual([])
    }
  })
})
